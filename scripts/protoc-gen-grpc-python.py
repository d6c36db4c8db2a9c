"""A plugin of protoc around the generator of services that grpcio-tools has built in, which has no plugin of its own."""

import pathlib
import sys
import tempfile

from google.protobuf import descriptor_pb2
from google.protobuf.compiler import plugin_pb2
from grpc_tools import protoc

request = plugin_pb2.CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
response = plugin_pb2.CodeGeneratorResponse(supported_features=plugin_pb2.CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
with tempfile.TemporaryDirectory() as folder:
    described = pathlib.Path(folder, "described")
    described.write_bytes(descriptor_pb2.FileDescriptorSet(file=request.proto_file).SerializeToString())
    made = pathlib.Path(folder, "made")
    made.mkdir()
    options = [f"--descriptor_set_in={described}", f"--grpc_python_out={made}", *request.file_to_generate]
    code = protoc.main(["protoc", *options])
    if code != 0:
        sys.exit(code)
    for path in sorted(made.rglob("*.py")):
        # A file without services makes stubs of nothing.
        if "class " in (text := path.read_text()):
            response.file.add(name=str(path.relative_to(made)), content=text)
sys.stdout.buffer.write(response.SerializeToString())
