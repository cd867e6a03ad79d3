package syntax

//idem:task key=ID
type Task struct{ ID int }

func broken( {
