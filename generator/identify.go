package generator

import "go/types"

// checkIdentity reports keys that do not tell one task from another.
func (p *planner) checkIdentity(t *subject, plan *taskPlan) {
	a := t.annotation
	if len(plan.Key) != len(a.Key) {
		return // something in it is wrong already
	}
	kinds := map[string]bool{}
	for _, part := range plan.Key {
		leafKinds(part.Value, kinds)
	}
	bools, floats, times := kinds["Bool"], kinds["Float"], kinds["Time"]
	switch {
	case len(kinds) == 1 && bools:
		p.at(a.at("key"), codeSameKeys, "the key is made of nothing but bools, so that a few keys stand for all tasks: add a field that identifies the task")
	case len(kinds) == 1 && floats, len(kinds) == 2 && bools && floats:
		p.at(a.at("key"), codeSameKeys, "the key is made of nothing but numbers with fractions, which are alike for different tasks and differ in their last digit for like ones: add a field that identifies the task")
	case len(kinds) == 1 && times:
		p.note(a.at("key"), codeTimesOnly, "the key is made of nothing but times: if they are read from a clock when the task is made, a retry has another key; add a field that identifies the task, or truncate the time")
	}
	inKey := map[string]bool{}
	for _, s := range a.Key {
		inKey[s.Text] = true
		p.checkSource(t, s)
		for _, inner := range s.Hash {
			inKey[inner.Text] = true
			p.checkSource(t, inner)
		}
	}
	for _, s := range a.Match {
		if inKey[s.Text] {
			p.at(s.pos, codeAlwaysEqual, "%s is part of the key, so that it always matches: leave it out of match=", s.Text)
		}
	}
}

// leafKinds adds what a value is written as; lists and structs are kinds of their
// own.
func leafKinds(v value, kinds map[string]bool) {
	switch v := v.(type) {
	case writeValue:
		kinds[v.Method] = true
	case nilValue:
		leafKinds(v.Else, kinds)
	case callValue:
		leafKinds(v.After, kinds)
	case listValue:
		kinds[v.Open] = true
	case groupValue:
		if v.Open != "OpenHash" {
			kinds[v.Open] = true
			return
		}
		for _, inner := range v.Values {
			leafKinds(inner, kinds)
		}
	}
}

// checkSource reports a method in a key that gives something else each time.
func (p *planner) checkSource(t *subject, s selector) {
	if !s.Call {
		return
	}
	at := t.typ
	var found types.Object
	for _, name := range s.Path {
		if found, _, _ = types.LookupFieldOrMethod(at, true, p.pkg, name); found == nil {
			return
		}
		at = found.Type()
	}
	switch what := p.changes(found); what {
	case "":
	case "time.Now":
		p.at(s.pos, codeChangingKey, "%s reads the clock with time.Now, so that a retry has another key: truncate the time to the span in which the task may run once, as time.Now().Truncate(time.Hour), or store it in a field", s.Text)
	default:
		p.at(s.pos, codeChangingKey, "%s calls %s, so that a retry has another key: make the value once, where the task is made, and store it in a field", s.Text, what)
	}
}
