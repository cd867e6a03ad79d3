// A module of its own, so that only who compresses gets the compressor.
module github.com/idemgen/idemgen/runtime/zstdcodec

go 1.26.0

require (
	github.com/idemgen/idemgen v0.0.0
	github.com/klauspost/compress v1.20.3
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/idemgen/idemgen => ../..
