// Package intests declares tasks inside its tests.
package intests

// Exported is used by the external tests.
type Exported struct{ N int }
