// A module of its own, so that only who wants it gets the cache.
module github.com/idemgen/idemgen/runtime/nearstore

go 1.26.0

require (
	github.com/idemgen/idemgen v0.0.0
	github.com/maypok86/otter/v2 v2.4.0
	github.com/redis/go-redis/v9 v9.23.0
	github.com/stretchr/testify v1.12.1
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/idemgen/idemgen => ../..
