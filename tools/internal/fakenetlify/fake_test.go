package fakenetlify

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestDown holds the socket as a process does that was forked and has not yet
// become another program: whoever is told that the fake is down must not get a
// connection all the same, which the system would break later.
func TestDown(t *testing.T) {
	f := New(t)
	held, err := f.listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { held.Close() })
	f.Down()
	if c, err := net.Dial("tcp", f.address); err == nil {
		c.Close()
		t.Error("it is down, and takes connections")
	}
	f.Up()
	c, err := net.Dial("tcp", f.address)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// exchanges are good ones, one of each kind.
func exchanges() map[string]Exchange {
	return map[string]Exchange{
		"list":     {Op: "list", Method: "GET", Path: "/sites/x/deploys", Query: "page=1&per_page=100", Status: 200, Answer: []byte(`[{"id":"1","state":"ready","links":{}}]`)},
		"create":   {Op: "create", Method: "POST", Path: "/sites/x/deploys", Query: "title=t", Request: []byte(`{"draft":true,"async":false}`), Status: 200, Answer: []byte(`{"id":"1","required":[]}`)},
		"manifest": {Op: "manifest", Method: "PUT", Path: "/sites/x/deploys/1", Request: []byte(`{"files":{"a":"b"},"draft":true,"async":false}`), Status: 200, Answer: []byte(`{"id":"1"}`)},
		"upload":   {Op: "upload", Method: "PUT", Path: "/deploys/1/files/a/b", Request: []byte("text"), Status: 200, Answer: []byte(`{"path":"/a/b","size":4}`)},
		"restore":  {Op: "restore", Method: "POST", Path: "/sites/x/deploys/1/restore", Status: 201, Answer: []byte(`{"id":"1"}`)},
	}
}

// TestValidator plants what the API does not have into good exchanges. With
// DUSKPRESS_NETLIFY_SWAGGER the description has to notice it by itself.
func TestValidator(t *testing.T) {
	judges := map[string]func(Exchange) error{"shapes": byShape}
	if file := os.Getenv("DUSKPRESS_NETLIFY_SWAGGER"); file != "" {
		judges["description"] = readDescription(t, file).check
	}
	for name, judge := range judges {
		for op, x := range exchanges() {
			if err := judge(x); err != nil {
				t.Errorf("%s: a good %s: %v", name, op, err)
			}
		}
		for _, c := range []struct {
			op, words string
			spoil     func(*Exchange)
		}{
			{"list", "order", func(x *Exchange) { x.Query += "&order=up" }},
			{"list", "colour", func(x *Exchange) { x.Answer = []byte(`[{"id":"1"},{"colour":"red"}]`) }},
			{"create", "colour", func(x *Exchange) { x.Request = []byte(`{"colour":"red"}`) }},
			{"create", "draft", func(x *Exchange) { x.Answer = []byte(`{"draft":"yes"}`) }},
			{"create", "unexpected end", func(x *Exchange) { x.Answer = nil }},
			{"manifest", "required", func(x *Exchange) { x.Answer = []byte(`{"required":"none"}`) }},
			{"upload", "size", func(x *Exchange) { x.Answer = []byte(`{"size":"4"}`) }},
			{"restore", "202", func(x *Exchange) { x.Status = 202 }},
		} {
			x := exchanges()[c.op]
			c.spoil(&x)
			if err := judge(x); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%s: %+v: %v", name, x, err)
			}
		}
	}
}
