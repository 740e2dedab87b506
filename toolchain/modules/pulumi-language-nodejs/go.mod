module keelson.dev/toolchain/pulumi-language-nodejs

go 1.18

require (
	github.com/pulumi/pulumi/sdk/v3 v3.60.0
)
