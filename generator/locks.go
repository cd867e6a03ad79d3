package generator

import "go/types"

// refuseCopiedLock reports a task that its wrapper would copy with a lock in it.
func (p *planner) refuseCopiedLock(t *subject) {
	if t.shape.pointer {
		return
	}
	lock := lockText(t.obj.Type())
	if lock == "" {
		return
	}
	receiver := t.annotation.Method
	if t.shape.method == nil {
		receiver = "it a method Run with"
	}
	p.at(t.obj.Pos(), codeLock, "a %s would be copied with a lock in it, %s: give %s a pointer receiver, or hold the lock by a pointer",
		t.obj.Name(), lock, receiver)
}

// lockText returns the lock that a copy of t would copy, as messages name it, or
// "".
func lockText(t types.Type) string { return lockIn(t, map[types.Type]bool{}) }

// lockIn returns the path to a lock inside t that a copy of t would copy, by
// the rule of go vet's copylocks: a type whose pointer, and not itself, has Lock
// and Unlock. It is "" if there is none.
func lockIn(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	t = types.Unalias(t)
	if _, isParam := t.(*types.TypeParam); isParam {
		return ""
	}
	t = element(t)
	if _, isInterface := t.Underlying().(*types.Interface); !isInterface {
		if hasLock(types.NewPointer(t)) && !hasLock(t) {
			return types.TypeString(t, func(p *types.Package) string { return p.Name() })
		}
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	for f := range s.Fields() {
		if lock := lockIn(f.Type(), seen); lock != "" {
			if named, ok := element(f.Type()).(*types.Named); ok && isPublicLock(named) {
				return f.Name() + " (" + types.TypeString(named, func(p *types.Package) string { return p.Name() }) + ")"
			}
			return f.Name() + "." + lock
		}
	}
	return ""
}

// element returns t, or what it is an array of.
func element(t types.Type) types.Type {
	for {
		array, ok := t.Underlying().(*types.Array)
		if !ok {
			return types.Unalias(t)
		}
		t = array.Elem()
	}
}

// isPublicLock reports whether a message should stop at t: nobody needs to know
// that a sync.WaitGroup is made of smaller locks.
func isPublicLock(t *types.Named) bool {
	pkg := t.Obj().Pkg()
	return pkg != nil && (pkg.Path() == "sync" || pkg.Path() == "sync/atomic") || hasLock(types.NewPointer(t))
}

// hasLock reports whether t's method set has Lock() and Unlock().
func hasLock(t types.Type) bool {
	set := types.NewMethodSet(t)
	for _, name := range []string{"Lock", "Unlock"} {
		found := set.Lookup(nil, name)
		if found == nil {
			return false
		}
		s, ok := found.Type().(*types.Signature)
		if !ok || s.Params().Len() > 0 || s.Results().Len() > 0 {
			return false
		}
	}
	return true
}
