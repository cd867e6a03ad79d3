package idemhttp

// ParseKey is for tests and fuzzing.
var ParseKey = parseKey
