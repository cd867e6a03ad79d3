package idem

import (
	"fmt"
	"strconv"
	"strings"
)

// A Key is a key taken apart.
type Key struct {
	Prefix  string
	Task    string   // the task's name
	Version int      // 0 where it has none
	Parts   []string // as they stand in the key, escaped
}

// ParseKey takes a key apart, as [Task.Key] has written it. Its error says why the
// text is no such key.
func ParseKey(key string) (Key, error) {
	sections := strings.Split(key, ":")
	if len(sections) < 3 {
		return Key{}, fmt.Errorf("idem: %q is no key of the form prefix:task:part", key)
	}
	k := Key{Parts: sections[2:]}
	name, version, versioned := strings.Cut(sections[1], "@v")
	if versioned {
		n, err := strconv.Atoi(version)
		if err != nil || n <= 0 || strconv.Itoa(n) != version {
			return Key{}, fmt.Errorf("idem: %q is no key: its task's version is %q", key, version)
		}
		k.Version = n
	}
	var err error
	if k.Prefix, err = unescape(sections[0]); err == nil {
		k.Task, err = unescape(name)
	}
	if err != nil {
		return Key{}, fmt.Errorf("idem: %q is no key: %w", key, err)
	}
	return k, nil
}

// String returns the key, put together again; without parts, what all keys of the
// task begin with, except for a colon.
func (k Key) String() string {
	b := appendEscaped(nil, k.Prefix, false)
	b = appendEscaped(append(b, ':'), k.Task, false)
	if k.Version > 0 {
		b = strconv.AppendInt(append(b, "@v"...), int64(k.Version), 10)
	}
	for _, part := range k.Parts {
		b = append(append(b, ':'), part...)
	}
	return string(b)
}
