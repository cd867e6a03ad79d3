package main

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// pipelines notes when its client sends pipelines: heartbeats, mostly.
type pipelines struct {
	mu   sync.Mutex
	sent []time.Time
}

// DialHook implements [redis.Hook].
func (p *pipelines) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements [redis.Hook].
func (p *pipelines) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements [redis.Hook].
func (p *pipelines) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		p.mu.Lock()
		p.sent = append(p.sent, time.Now())
		p.mu.Unlock()
		return next(ctx, cmds)
	}
}

func (p *pipelines) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = nil
}

// rounds tells how many pipelines were sent, and in how many rounds: what follows
// within a second belongs to the same one.
func (p *pipelines) rounds() (rounds, pipelines int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var last time.Time
	for _, at := range p.sent {
		if at.Sub(last) > time.Second {
			rounds++
		}
		last = at
	}
	return rounds, len(p.sent)
}
