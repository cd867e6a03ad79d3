package generator

// AnnotationHelp returns the text of `idemgen help annotations`.
func AnnotationHelp() string { return "" }
