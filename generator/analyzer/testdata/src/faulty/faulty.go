// Package faulty has errors in its annotations.
package faulty

//idem:task key=Id tll=1h // want `unknown option "tll"; did you mean ttl\?` `Faulty has no field Id; did you mean ID\?`
type Faulty struct{ ID int }

// idem:task key=ID // want `"// idem:task" is not a directive`
type Spaced struct{ ID int }
