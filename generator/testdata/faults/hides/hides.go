package hides

type string = int

//idem:task key=ID
type Task struct{ ID int }

func len(int) {}

// Old code declares any, which does not matter.
type any = interface{}
