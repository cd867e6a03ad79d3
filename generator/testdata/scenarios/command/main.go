// Command is a main package with a task.
package main

import "context"

// Greet greets.
//
//idem:task key=Name
type Greet struct{ Name string }

// Run greets.
func (g Greet) Run(context.Context) error { return nil }

func main() {}
