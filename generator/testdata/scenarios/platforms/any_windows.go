package platforms

// Windows is a task.
//
//idem:task key=ID
type Windows struct{ ID int }
