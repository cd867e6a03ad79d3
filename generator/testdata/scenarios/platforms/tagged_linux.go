// Copyright of someone.

//go:build (cgo || !cgo) && !never

package platforms

// Tagged is a task.
//
//idem:task key=ID
type Tagged struct{ ID int }
