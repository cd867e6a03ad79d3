// Package soak lets one process with little memory and few connections call tasks of
// all kinds for as long as one likes, and looks whether anything grows that should
// not: goroutines, memory, connections, keys in Redis.
//
//	go test ./internal/soak     # for seconds
//	make soak SOAK=1h           # and a table in docs/guarantees/soak.md
package soak
