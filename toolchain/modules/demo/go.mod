module keelson.dev/toolchain/demo

go 1.24.0
