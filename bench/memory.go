package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// memory measures what a finished record takes in Redis, beside a bare SET of the
// same key and result.
func (b *bench) memory() error {
	ctx := context.Background()
	const records = 10_000
	p := newProcess(b.server.Addr)
	task := newTask(p.idem, pay)
	ours, oursAll, err := b.taken(records, func(id string) error {
		_, err := task.Run(ctx, charge{id})
		return err
	})
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: b.server.Addr})
	bare, bareAll, err := b.taken(records, func(id string) error { return client.Set(ctx, prefix+id, payload, ttl).Err() })
	if err != nil {
		return err
	}
	million := func(all int) float64 { return float64(all) / records * 1_000_000 / (1 << 20) }
	b.report.add(
		figure{
			Section: "memory", Name: "finished record, of a bare SET", Value: float64(ours) / float64(bare),
			Detail: fmt.Sprintf("MEMORY USAGE %d B and %d B, with a result of %d B", ours, bare, len(payload)),
		}.atMost(1.4),
		figure{
			Section: "memory", Name: "a million records", Value: million(oursAll), Unit: "MiB",
			Detail: fmt.Sprintf("by used_memory of 10,000; bare SETs %s MiB", number(million(bareAll))),
		},
	)
	return errors.Join(client.Close(), p.close())
}

// taken returns what one record takes, and by how much the server grows by many.
func (b *bench) taken(records int, write func(id string) error) (one, all int, err error) {
	b.server.Do("flushall")
	before := b.usedMemory()
	for i := range records {
		if err := write(strconv.Itoa(1_000_000 + i)); err != nil {
			return 0, 0, err
		}
	}
	all = b.usedMemory() - before
	usage, _ := b.server.Do("memory", "usage", prefix+"1000000").(int64)
	return int(usage), all, nil
}

func (b *bench) usedMemory() int {
	info, _ := b.server.Do("info", "memory").(string)
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, "used_memory:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}
