package generator

import (
	"go/token"
	"go/types"
	"strings"
)

// codec plans the codec that the annotation names, nil for the runtime's own.
func (p *planner) codec(t *subject) Code {
	a := t.annotation
	if a.Codec == "json" {
		return nil
	}
	pos := a.at("codec")
	scope, code := p.pkg.Scope(), text("%s", a.Codec)
	name := a.Codec
	if pkgName, member, found := strings.Cut(a.Codec, "."); found {
		imported := p.importOf(t, pkgName)
		if imported == nil {
			p.at(pos, codeCodec, "no import of this file is named %s: import the codec's package here, as _ if nothing else needs it", pkgName)
			return nil
		}
		if !token.IsExported(member) {
			p.at(pos, codeCodec, "%s is unexported in package %s: export it there, or name a variable of this package", member, imported.Path())
			return nil
		}
		scope, name, code = imported.Scope(), member, qualified(imported.Path(), member)
		p.imported[imported.Path()] = imported.Name()
	}
	found := scope.Lookup(name)
	variable, ok := found.(*types.Var)
	switch {
	case !ok && found != nil:
		p.at(pos, codeCodec, "%s is not a variable: a codec is a package-level variable with the methods of idem.Codec", a.Codec)
	case !ok:
		p.at(pos, codeCodec, "there is no package-level variable %s%s", a.Codec, didYouMean(name, append(scope.Names(), "json")))
	case p.invalid(variable.Pos(), variable.Type()):
	case !isCodec(variable.Type()):
		p.at(pos, codeCodec, "%s is not a Codec: it needs the methods Name() string, Marshal(v any) ([]byte, error) and Unmarshal(data []byte, v any) error", a.Codec)
	}
	return code
}

// importOf returns the package that the subject's file imports under a name, or
// imports only for its effects if that is its own name.
func (p *planner) importOf(t *subject, name string) *types.Package {
	for _, spec := range t.file.Imports {
		blank := spec.Name != nil && spec.Name.Name == "_"
		for _, imported := range p.pkg.Imports() {
			if imported.Path() != importPath(spec) && !strings.HasSuffix(imported.Path(), "/vendor/"+importPath(spec)) {
				continue
			}
			if p.importNamed(spec) == name || blank && imported.Name() == name {
				return imported
			}
		}
	}
	return nil
}

// isCodec reports whether t has the methods of the runtime's Codec. The runtime
// itself need not be loaded for that.
func isCodec(t types.Type) bool {
	str, err := types.Typ[types.String], types.Universe.Lookup("error").Type()
	data, value := types.NewSlice(types.Typ[types.Byte]), types.Universe.Lookup("any").Type()
	method := func(name string, in, out []types.Type) *types.Func {
		return types.NewFunc(token.NoPos, nil, name, types.NewSignatureType(nil, nil, nil, tuple(in), tuple(out), false))
	}
	codec := types.NewInterfaceType([]*types.Func{
		method("Name", nil, []types.Type{str}),
		method("Marshal", []types.Type{value}, []types.Type{data, err}),
		method("Unmarshal", []types.Type{data, value}, []types.Type{err}),
	}, nil).Complete()
	return types.Implements(t, codec)
}

func tuple(all []types.Type) *types.Tuple {
	vars := make([]*types.Var, len(all))
	for i, t := range all {
		vars[i] = types.NewParam(token.NoPos, nil, "", t)
	}
	return types.NewTuple(vars...)
}
