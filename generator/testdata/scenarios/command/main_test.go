package main

//idem:task key=Name
type inTest struct{ Name string }
