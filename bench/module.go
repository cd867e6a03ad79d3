package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// tasksInPackage is how many tasks each package of a made module has.
const tasksInPackage = 10

// makeModule writes a module of so many packages, each with ten tasks that name
// types of net/http and of go-redis. It is the input of the generators that
// generation compares: for controller-gen every package asks for deep copies, and
// for stringer every package has a type of constants.
func makeModule(dir string, packages int) error {
	checkout, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	goMod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		return err
	}
	goSum, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		return err
	}
	requires := strings.Join(regexp.MustCompile(`(?s)require \(.*?\n\)`).FindAllString(string(goMod), -1), "\n\n")
	files := map[string]string{
		"go.mod": fmt.Sprintf("module example.com/made\n\ngo 1.26.0\n\nrequire github.com/idemgen/idemgen v0.0.0\n\n%s\n\nreplace github.com/idemgen/idemgen => %s\n", requires, checkout),
		"go.sum": string(goSum),
	}
	for i := range packages {
		name := madePackage(i)
		files[filepath.Join(name, name+".go")] = madeSource(name)
	}
	for name, content := range files {
		if err := writeFile(filepath.Join(dir, name), []byte(content)); err != nil {
			return err
		}
	}
	return nil
}

func madePackage(i int) string { return fmt.Sprintf("orders%04d", i) }

// madeSource is the source of one package, in which everything is what people write:
// fields, a key of two parts, clients that are no input, and bodies that call them.
func madeSource(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `// Package %s is made.
//
// +kubebuilder:object:generate=true
package %[1]s

import (
	"context"
	"fmt"
	"net/http"

	"github.com/redis/go-redis/v9"
)

// State is what stringer gives names.
type State int

const (
	Open State = iota
	Paid
	Shipped
	Cancelled
)

// Clients are what the tasks work with.
// +kubebuilder:object:generate=false
type Clients struct {
	HTTP  *http.Client
	Redis redis.UniversalClient
}

var clients = Clients{HTTP: http.DefaultClient}
`, name)
	for i := range tasksInPackage {
		fmt.Fprintf(&b, `
// Charge%d charges an order.
//
//idem:task key=OrderID,Region ttl=24h on-duplicate=return-cached match=Amount
type Charge%[1]d struct {
	OrderID int64
	Region  string
	Amount  int64
	At      State
	Header  http.Header
	Place   redis.GeoLocation
}

// Receipt%[1]d is what is charged.
type Receipt%[1]d struct {
	ID      string
	Amount  int64
	Cookies map[string]string
}

// Run asks the bank.
func (c Charge%[1]d) Run(ctx context.Context) (*Receipt%[1]d, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://bank.example.com/charges", http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header = c.Header
	res, err := clients.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if err := clients.Redis.Incr(ctx, fmt.Sprintf("charged:%%s", c.Region)).Err(); err != nil {
		return nil, err
	}
	return &Receipt%[1]d{ID: res.Status, Amount: c.Amount}, nil
}
`, i)
	}
	return b.String()
}
