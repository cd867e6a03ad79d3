// Command bench measures idemgen on a Redis of its own, side by side with what
// else people use, and prints every figure beside its goal.
//
//	go run .                    everything, in about fifteen minutes
//	go run . -quick             the same in about three, for a first look
//	go run . -only waiting      one section: throughput, waiting, holding, lean, memory, large, generation
//	go run . -json F -markdown F -charts DIR    also into files
//
// It starts a redis-server on a free loopback port, from IDEMGEN_REDIS_SERVER or
// the search path, and touches no other. Run it from its own folder, on a machine
// that does nothing else: everything is measured on the same cores.
package main
