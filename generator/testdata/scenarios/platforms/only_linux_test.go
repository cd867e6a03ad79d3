package platforms

//idem:task key=ID
type only struct{ ID int }
