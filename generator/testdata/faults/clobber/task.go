package clobber

//idem:task key=ID
type Task struct{ ID int }
