// Package configurations generates the same wherever it is generated, though
// some of its files are for other platforms.
package configurations

//idem:task key=ID ttl=1m
type Task struct{ ID int }
