// One JSON-RPC request a line comes in, one answer a line goes out; at the end of input it ends.
// Build: go build -o acme acme.go
package main

import (
	"bufio"
	"encoding/json"
	"os"
)

type request struct {
	ID     int64  `json:"id"`
	Method string `json:"method"`
	Params struct {
		Protocols []int `json:"protocols"`
	} `json:"params"`
}

type object = map[string]any

var description = object{
	"name": "acme", "version": "1.0.0", "protocol": 1,
	"providers": object{"acme": object{
		"name": "Acme", "env": []string{"ACME_API_KEY"}, "base_url": "https://api.acme.example/v1",
		"models": []object{{"id": "acme-large", "name": "Acme Large", "context": 128000, "output": 8192}},
	}},
}

func offered(protocols []int) bool {
	for _, each := range protocols {
		if each == 1 {
			return true
		}
	}
	return false
}

func answer(asked request) object {
	switch {
	case asked.Method != "describe":
		return object{"error": object{"code": -32601, "message": "no such method"}}
	case !offered(asked.Params.Protocols):
		data := object{"supported": []int{1}}
		return object{"error": object{"code": -32001, "message": "only protocol 1", "data": data}}
	}
	return object{"result": description}
}

func main() {
	input, output := bufio.NewReader(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if json.Unmarshal(line, &asked) != nil {
			continue
		}
		found := answer(asked)
		found["jsonrpc"], found["id"] = "2.0", asked.ID
		if output.Encode(found) != nil {
			return
		}
	}
}
