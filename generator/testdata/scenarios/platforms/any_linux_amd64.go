package platforms

// Linuxamd64 is a task.
//
//idem:task key=ID
type Linuxamd64 struct{ ID int }
