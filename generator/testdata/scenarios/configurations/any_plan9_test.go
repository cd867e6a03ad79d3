package configurations

var time int
