package platforms

// Linux is a task.
//
//idem:task key=ID
type Linux struct{ ID int }
