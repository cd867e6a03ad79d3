package outbox

import (
	"maps"
	"slices"
	"sync"
)

// An Order is for some pieces of an article.
type Order struct {
	ID    string
	SKU   string
	Count int
}

// A Message tells of an order.
type Message struct {
	ID    string
	Order Order
}

// A DB stands for a database: what one transaction writes is there as a whole, or not
// at all.
type DB struct {
	mu   sync.Mutex
	rows Rows
}

// Rows are the tables.
type Rows struct {
	Orders     []Order
	Outbox     []Message
	Stock      map[string]int
	Executions map[string]int64 // key → fence
}

// NewDB returns a database with some stock.
func NewDB(stock map[string]int) *DB {
	return &DB{rows: Rows{Stock: stock, Executions: map[string]int64{}}}
}

// Tx runs f in a transaction, and commits unless f returns an error.
func (db *DB) Tx(f func(*Rows) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	next := Rows{
		slices.Clone(db.rows.Orders), slices.Clone(db.rows.Outbox),
		maps.Clone(db.rows.Stock), maps.Clone(db.rows.Executions),
	}
	if err := f(&next); err != nil {
		return err
	}
	db.rows = next
	return nil
}

// Oldest returns the message that has been in the outbox for the longest time.
func (db *DB) Oldest() (Message, bool) {
	db.mu.Lock()
	defer db.mu.Unlock()
	if len(db.rows.Outbox) == 0 {
		return Message{}, false
	}
	return db.rows.Outbox[0], true
}

// Sent takes a message out of the outbox.
func (r *Rows) Sent(m Message) {
	r.Outbox = slices.DeleteFunc(r.Outbox, func(other Message) bool { return other.ID == m.ID })
}

// Stock returns how many pieces of an article there are.
func (db *DB) Stock(sku string) int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.rows.Stock[sku]
}
