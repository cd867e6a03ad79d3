package generator

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// A schema is what has to stay the same from one deploy to the next, so that
// keys stay the keys they are and stored results can be read. Generated code
// carries it in two comments, which the next run compares with what it finds:
//
//	//idem:schema Pay key=billing.Pay@v2(OrderID int, Tenant string)
//	//idem:schema Pay result=json {id string, cents int}
type schema struct {
	Type    string
	Name    string // prefix, name and type parameters
	Version int
	Parts   string // "(OrderID int, Tenant string)"
	Result  string // "json {id string}"; empty if none is stored, or its type is not known
}

const schemaComment = "//idem:schema "

// newSchema returns the schema of a plan, less its result.
func newSchema(plan *taskPlan) schema {
	s := schema{Type: plan.TypeName, Name: plan.Name, Version: plan.Version}
	if plan.Prefix != "" {
		s.Name = plan.Prefix + ":" + plan.Name
	}
	if len(plan.NameArgs) > 0 {
		s.Name += "[" + strings.Repeat(",", len(plan.NameArgs)-1) + "]"
	}
	parts := make([]string, len(plan.Key))
	for i, part := range plan.Key {
		parts[i] = part.Name
		if kind := valueKind(part.Value); kind != "const" {
			parts[i] += " " + kind
		}
	}
	s.Parts = "(" + strings.Join(parts, ", ") + ")"
	return s
}

// valueKind says how a value is written. What makes no difference in a key is not
// told: the size of a number, and a pointer that is not nil.
func valueKind(v value) string {
	switch v := v.(type) {
	case writeValue:
		if v.Method == "Uint" {
			return "int"
		}
		return strings.ToLower(v.Method)
	case nilValue:
		return valueKind(v.Else)
	case callValue:
		return valueKind(v.After)
	case listValue:
		return "[" + valueKind(v.Each) + "]"
	case groupValue:
		kinds := make([]string, len(v.Values))
		for i, inner := range v.Values {
			kinds[i] = valueKind(inner)
			if i < len(v.Names) {
				kinds[i] = v.Names[i] + " " + kinds[i]
			}
		}
		return "{" + strings.Join(kinds, ", ") + "}"
	}
	return ""
}

// key returns the schema of the key.
func (s schema) key() string {
	if s.Version == 0 {
		return s.Name + s.Parts
	}
	return fmt.Sprintf("%s@v%d%s", s.Name, s.Version, s.Parts)
}

// ownName returns the name without prefix and type parameters.
func (s schema) ownName() string {
	name, _, _ := strings.Cut(s.Name[strings.LastIndex(s.Name, ":")+1:], "[")
	return name
}

// comments returns the schema as generated code carries it.
func (s schema) comments() string {
	text := schemaComment + s.Type + " key=" + s.key()
	if s.Result != "" {
		text += "\n" + schemaComment + s.Type + " result=" + s.Result
	}
	return text
}

// hash tells one schema from another at a glance.
func (s schema) hash() string {
	sum := sha256.Sum256([]byte(s.key() + "\n" + s.Result))
	return hex.EncodeToString(sum[:4])
}

// readSchemas returns the schemas that a generated file carries, none if it is of
// a time before there were any.
func readSchemas(generated []byte) []schema {
	var all []schema
	for line := range strings.Lines(string(generated)) {
		text, ok := strings.CutPrefix(strings.TrimSpace(line), schemaComment)
		if !ok {
			continue
		}
		typeName, text, _ := strings.Cut(text, " ")
		what, text, _ := strings.Cut(text, "=")
		switch {
		case what == "key":
			s := schema{Type: typeName}
			name, parts, _ := strings.Cut(text, "(")
			s.Name, s.Parts = name, "("+parts
			if at := strings.LastIndex(name, "@v"); at >= 0 {
				if _, err := fmt.Sscanf(name[at:], "@v%d", &s.Version); err == nil {
					s.Name = name[:at]
				}
			}
			all = append(all, s)
		case what == "result" && len(all) > 0 && all[len(all)-1].Type == typeName:
			all[len(all)-1].Result = text
		}
	}
	return all
}
