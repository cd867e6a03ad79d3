// Package identity has keys that do not tell tasks apart.
package identity

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"time"
)

//idem:task key=Dry,Force
type Bools struct{ Dry, Force bool }

//idem:task key=hash(Price),Rate
type Floats struct {
	Price float64
	Rate  *float32
}

//idem:task key=Price,Net
type Mixed struct {
	Price float64
	Net   bool
}

//idem:task key=At
type Times struct{ At *time.Time }

//idem:task key=Now()
type Clock struct{ N int }

func (Clock) Now() time.Time { return time.Now() }

//idem:task key=Hour()
type Hourly struct{ N int }

func (Hourly) Hour() string { return time.Now().Format("15") }

//idem:task key=hash(ID()),N
type Random struct{ N int }

func (Random) ID() string { return rand.Text() }

//idem:task key=Part.Dice()
type Dice struct{ Part part }

type part struct{}

func (*part) Dice() (int, error) { return mathrand.IntN(6), nil }

//idem:task key=Part.Seeded(),ID match=Amount,ID
type Match struct {
	ID     string
	Part   part
	Amount int
}

func (part) Seeded() uint64 { return mathrand.NewPCG(1, 2).Uint64() }
