package directives

// idem:task key=ID
type Spaced struct{ ID int }

//idem:Task key=ID
type Capital struct{ ID int }

// Idem : TASK key=ID
type Both struct{ ID int }

//idemgen:task key=ID
type Tool struct{ ID int }

//idem:taks key=ID
type Misspelt struct{ ID int }

//idem:task,key=ID
type Comma struct{ ID int }

//idem:task key=ID

type Parted struct{ ID int }

/*
idem:task key=ID
*/
type Block struct{ ID int }

/* //idem:task key=ID */
type BlockLine struct{ ID int }

//idem:task key=ID
func Func() {
	//idem:task key=ID
	type Local struct{ ID int }
}

//idem:task key=ID
var Variable int

//idem:task key=ID
type (
	InGroup struct{ ID int }
)

type Trailing struct{ ID int } //idem:task key=ID

type Inside struct {
	//idem:task key=ID
	ID int
}

//idem:task key=ID
//idem:task key=ID
type Twice struct{ ID int }

//idem:task key=ID
type Number int

//idem:task key=ID
type Interface interface{ ID() int }

//idem:task key=ID
type Alias = Spaced

// Text that speaks of the idem:task directive, or of //idem:task, is none.
type Fine struct{ ID int }

//idem:task key=ID

var literal = func() {
	//idem:task key=ID
	type Inside struct{ ID int }
	_ = Inside{}
}
