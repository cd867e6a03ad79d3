package codecs

import "encoding/json"

//idem:task key=ID codec=Jsn
type Missing struct{ ID int }

//idem:task key=ID codec=Number
type NotCodec struct{ ID int }

//idem:task key=ID codec=json.Marshal
type Func struct{ ID int }

//idem:task key=ID codec=yaml.Codec
type NoImport struct{ ID int }

//idem:task key=ID codec=json.hidden
type Unexported struct{ ID int }

var Number = 1

func _() { _, _ = json.Marshal(1) }
