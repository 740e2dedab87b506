module keelson.dev/toolchain/example

go 1.24.0
