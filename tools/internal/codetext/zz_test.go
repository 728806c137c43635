package codetext
import ("testing";"os";"fmt")
func TestDump(t *testing.T){
	var seed uint64; var n int
	fmt.Sscan(os.Getenv("DUMP"),&seed,&n)
	for i := range n { os.WriteFile(fmt.Sprintf("/tmp/p2/content/posts/%d.md",i),[]byte(Generate(seed,i).Source()),0o666) }
}
