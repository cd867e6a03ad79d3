package chaos_test

import (
	"math/rand/v2"
	"time"
)

// A fault is something bad that happens, and ends by itself.
type fault struct {
	name  string
	often int // how often, as against the others
	do    func(r *round, random *rand.Rand)
}

var faults = []fault{
	{"a worker is killed", 4, func(r *round, random *rand.Rand) {
		i := random.IntN(workers)
		r.workers[i].kill()
		r.startWorker(i)
	}},
	{"a worker is stopped, past its leases or nearly", 4, func(r *round, random *rand.Rand) {
		w := r.workers[random.IntN(workers)]
		w.stop()
		r.sleep(random, lease/2, 2*lease)
		w.goOn()
	}},
	{"Redis is killed and comes back", 2, func(r *round, random *rand.Rand) {
		r.lossy(func() {
			r.server.Kill()
			r.sleep(random, 0, lease)
			r.server.Restart()
		})
	}},
	{"Redis is frozen", 2, func(r *round, random *rand.Rand) {
		r.server.Pause()
		r.sleep(random, lease/4, 3*lease/2)
		r.server.Resume()
	}},
	{"scripts are flushed", 2, func(r *round, _ *rand.Rand) { r.server.Do("script", "flush") }},
	{"connections are killed", 2, func(r *round, _ *rand.Rand) { r.server.Do("client", "kill", "type", "normal", "skipme", "yes") }},
	{"subscriptions are killed", 1, func(r *round, _ *rand.Rand) { r.server.Do("client", "kill", "type", "pubsub") }},
	{"memory is full", 2, func(r *round, random *rand.Rand) {
		r.server.Do("config", "set", "maxmemory", "1")
		r.sleep(random, lease/4, 3*lease/2)
		r.server.Do("config", "set", "maxmemory", "0")
	}},
	{"a worker is cut off", 4, func(r *round, random *rand.Rand) {
		p := r.proxies[random.IntN(workers)]
		p.down.Store(true)
		p.cut()
		r.sleep(random, 0, 2*lease)
		p.heal()
	}},
	{"all workers are cut off", 1, func(r *round, random *rand.Rand) {
		for _, p := range r.proxies {
			p.down.Store(true)
			p.cut()
		}
		r.sleep(random, 0, 3*lease/2)
		r.heal()
	}},
	{"a link breaks once", 3, func(r *round, random *rand.Rand) { r.proxies[random.IntN(workers)].cut() }},
	{"a link is slow", 2, func(r *round, random *rand.Rand) {
		p := r.proxies[random.IntN(workers)]
		p.delay.Store(random.Int64N(int64(lease / 2)))
		r.sleep(random, lease/4, 2*lease)
		p.heal()
	}},
	{"replies to a worker are swallowed", 4, func(r *round, random *rand.Rand) {
		p := r.proxies[random.IntN(workers)]
		p.swallow.Store(true)
		r.sleep(random, lease/4, 3*lease/2)
		p.cut() // what has lost a reply must not go on
		p.heal()
	}},
}

func pick(random *rand.Rand) fault {
	total := 0
	for _, f := range faults {
		total += f.often
	}
	n := random.IntN(total)
	for _, f := range faults {
		if n -= f.often; n < 0 {
			return f
		}
	}
	panic("unreachable")
}

// sleep lets a fault last, from shortest to longest.
func (r *round) sleep(random *rand.Rand, shortest, longest time.Duration) {
	time.Sleep(shortest + time.Duration(random.Int64N(int64(longest-shortest))))
}
