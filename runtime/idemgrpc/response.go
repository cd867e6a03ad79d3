package idemgrpc

import (
	"context"
	"maps"
	"slices"
	"sync"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// A Response is what is recorded of a call.
type Response struct {
	Code    codes.Code  `json:"code"`
	Type    string      `json:"type,omitempty"`    // the message's full name
	Message []byte      `json:"message,omitempty"` // in protobuf's form
	Status  []byte      `json:"status,omitempty"`  // of an error: a google.rpc.Status, with its details
	Omitted bool        `json:"omitted,omitempty"` // the message could not be kept
	Header  metadata.MD `json:"header,omitempty"`
	Trailer metadata.MD `json:"trailer,omitempty"`
}

// NewResponse returns the response of a handler that returned message and err.
func NewResponse(message proto.Message, err error) Response { return newResponse(message, err) }

func newResponse(message any, err error) Response {
	s := status.Convert(err)
	r := Response{Code: s.Code()}
	if err != nil {
		r.Status, _ = proto.Marshal(s.Proto())
		return r
	}
	m, ok := message.(proto.Message)
	if !ok {
		r.Omitted = true
		return r
	}
	r.Type = string(m.ProtoReflect().Descriptor().FullName())
	if r.Message, err = proto.Marshal(m); err == nil {
		_, err = r.message()
	}
	if err != nil {
		return Response{Code: r.Code, Type: r.Type, Omitted: true}
	}
	return r
}

// message returns the recorded message.
func (r Response) message() (proto.Message, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(r.Type))
	if err != nil {
		return nil, err
	}
	m := t.New().Interface()
	return m, proto.Unmarshal(r.Message, m)
}

// replay returns the recorded response.
func (c *Calls) replay(ctx context.Context, r Response) (any, error) {
	if r.Omitted {
		return nil, c.refuse(ctx, notKept)
	}
	var message proto.Message
	var failed spb.Status
	var err error
	if r.Code == codes.OK {
		message, err = r.message()
	} else {
		err = proto.Unmarshal(r.Status, &failed)
	}
	if err != nil {
		return nil, c.refuse(ctx, failure)
	}
	// These fail outside of a server only.
	_ = grpc.SetHeader(ctx, metadata.Join(r.Header, metadata.Pairs(ReplayedName, "true")))
	_ = grpc.SetTrailer(ctx, r.Trailer)
	if r.Code == codes.OK {
		return message, nil
	}
	return nil, status.ErrorProto(&failed)
}

// A keeper keeps the metadata that a handler sets, as far as it is to be replayed.
type keeper struct {
	grpc.ServerTransportStream

	names []string

	mu              sync.Mutex
	header, trailer metadata.MD
}

// in returns the context with which the handler sets its metadata.
func (k *keeper) in(ctx context.Context) context.Context {
	k.ServerTransportStream = grpc.ServerTransportStreamFromContext(ctx)
	if k.ServerTransportStream == nil || len(k.names) == 0 {
		return ctx
	}
	return grpc.NewContextWithServerTransportStream(ctx, k)
}

// SetHeader implements [grpc.ServerTransportStream].
func (k *keeper) SetHeader(md metadata.MD) error {
	k.keep(&k.header, md)
	return k.ServerTransportStream.SetHeader(md)
}

// SendHeader implements [grpc.ServerTransportStream].
func (k *keeper) SendHeader(md metadata.MD) error {
	k.keep(&k.header, md)
	return k.ServerTransportStream.SendHeader(md)
}

// SetTrailer implements [grpc.ServerTransportStream].
func (k *keeper) SetTrailer(md metadata.MD) error {
	k.keep(&k.trailer, md)
	return k.ServerTransportStream.SetTrailer(md)
}

func (k *keeper) keep(in *metadata.MD, md metadata.MD) {
	md = md.Copy()
	maps.DeleteFunc(md, func(name string, _ []string) bool { return !slices.Contains(k.names, name) })
	if len(md) > 0 {
		k.mu.Lock()
		defer k.mu.Unlock()
		*in = metadata.Join(*in, md)
	}
}
