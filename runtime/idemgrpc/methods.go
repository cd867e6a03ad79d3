package idemgrpc

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// NeedsKey tells whether a method's calls need a key by default: those of methods
// whose option idempotency_level says neither NO_SIDE_EFFECTS nor IDEMPOTENT, also where
// the method is not known to the program's protos. gRPC's own services need none.
func NeedsKey(fullMethod string) bool {
	return !own(fullMethod) && level(fullMethod) == descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// Methods returns a function for [WithRequired] and [NewClientInterceptor] that names
// methods by their full names, as "/shop.Orders/Create". A name that ends in "/*"
// stands for all of a service.
func Methods(names ...string) func(fullMethod string) bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return func(fullMethod string) bool {
		return all[fullMethod] || all[fullMethod[:strings.LastIndex(fullMethod, "/")+1]+"*"]
	}
}

// passes tells whether a method has no side effects, so that a key means nothing to it.
func passes(fullMethod string) bool {
	return own(fullMethod) || level(fullMethod) == descriptorpb.MethodOptions_NO_SIDE_EFFECTS
}

// own tells whether a method is of a service that gRPC brings along.
func own(fullMethod string) bool {
	for _, service := range []string{"/grpc.health.", "/grpc.reflection.", "/grpc.channelz."} {
		if strings.HasPrefix(fullMethod, service) {
			return true
		}
	}
	return false
}

// level is a method's idempotency_level.
func level(fullMethod string) descriptorpb.MethodOptions_IdempotencyLevel {
	name := strings.ReplaceAll(strings.TrimPrefix(fullMethod, "/"), "/", ".")
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
	}
	options, _ := d.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel()
}
