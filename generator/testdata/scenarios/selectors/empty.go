package selectors

// Empty selects values that say nothing but that they are there.
//
//idem:task key=Marks,Mark(),Checked() allow-empty
type Empty struct{ Marks []struct{ a struct{} } }

// Mark returns nothing.
func (e Empty) Mark() struct{} { return struct{}{} }

// Checked returns nothing, or an error.
func (e Empty) Checked() (struct{}, error) { return struct{}{}, nil }
