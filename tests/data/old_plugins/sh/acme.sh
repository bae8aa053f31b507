#!/bin/sh
# One JSON-RPC request a line comes in, one answer a line goes out; at the end of input it ends.
# The host writes requests without spaces, and `id` before `method` before `params`.

describe='{"name":"acme","version":"1.0.0","protocol":1,"providers":{"acme":{"name":"Acme","env":["ACME_API_KEY"],"base_url":"https://api.acme.example/v1","models":[{"id":"acme-large","name":"Acme Large","context":128000,"output":8192}]}}}'

answer() {
    printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"
}

while IFS= read -r line; do
    case $line in
    '{"jsonrpc":"2.0","id":'*',"method":"'*) ;;
    *) continue ;;
    esac
    id=${line#'{"jsonrpc":"2.0","id":'}
    id=${id%%,*}
    method=${line#*'"method":"'}
    method=${method%%'"'*}
    offered=${line#*'"protocols":['}
    case $method,${offered%%]*}, in
    describe,1,* | describe,*,1,*) answer "\"result\":$describe" ;;
    describe,*) answer '"error":{"code":-32001,"message":"only protocol 1","data":{"supported":[1]}}' ;;
    *) answer '"error":{"code":-32601,"message":"no such method"}' ;;
    esac
done
