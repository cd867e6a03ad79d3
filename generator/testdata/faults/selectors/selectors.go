package selectors

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

type Inner struct {
	SKU   string
	cache map[string]int
}

type List []List

type Node struct {
	ID   int
	Next *Node
}

type Task struct {
	OrderID  int
	customer *Inner
	Items    []Inner
	Func     func()
	Chan     chan int
	Map      map[string]int
	Any      any
	Err      error
	Complex  complex128
	Node     Node
	List     List
	Clock    *time.Location
	URL      url.URL
	Request  *http.Request
	Stamp    struct{ At Stamp }
	Missing  Undefined
	Foreign  nowhere.Type
}

type Stamp time.Time

func (Task) Total() int                { return 0 }
func (Task) Both() (int, int)          { return 0, 0 }
func (Task) Nothing()                  {}
func (Task) With(n int) int            { return n }
func (Task) Unknown() Undefined        { return 0 }
func (Task) Inner() Inner              { return Inner{} }
func (Task) Run(context.Context) error { return nil }

//idem:task key=OrderId,customer.Sku,Items.SKU,OrderID.X,total(),Total
type Misspelt Task

//idem:task key=Func,Chan,Map,Any,Err,Complex
type NotKeyable Task

//idem:task key=Items,customer,Node,List,Clock,URL,Request.URL,Stamp
type Below Task

//idem:task key=OrderID,OrderID,hash(OrderID),hash(Items,Items)
type Twice Task

//idem:task key=,OrderID,,
type Empty Task

//idem:task key=Items[0],*Node,Order-ID,a.,.b,_
type NotSelectors Task

//idem:task key=hash(),hash(OrderID
type Hashes Task

//idem:task key=hash(hash(OrderID)),hash(Map,Nope)
type Hashes2 Task

//idem:task key=OrderID match=hash(OrderID),OrderId,Func,"x"
type Match Task

//idem:task key=OrderID match=all
type MatchAll Task

//idem:task key=Missing,Foreign
type Undeclared Task

//idem:task key=Total,Total(),Nothing(),Both(),With(1),With(),Inner(),Unknown(),OrderID(),Total.X,Clock.name,Total().X
type Methods struct{ Task }

type Named interface{ Title() string }

func (*Inner) Code() int { return 0 }

//idem:task key=Ttle(),Inner.Cod(),OrdreID,named.Titel()
type Promoted struct {
	Task
	Named
	Inner *Inner
	named Named
}
