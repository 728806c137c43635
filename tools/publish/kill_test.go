package publish

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const killFiles = 300

// childLoop publishes two sites in turn until it is killed.
func childLoop() {
	force(os.Getenv("DUSKPRESS_METHOD"))
	moment := os.Getenv("DUSKPRESS_MOMENT")
	seam.step = func(_ *Session, name string) error {
		if name == moment {
			fmt.Println("start")
		}
		return nil
	}
	if moment == "" {
		fmt.Println("start")
	}
	for i := rand.IntN(2); ; i++ {
		st := genSite([]string{"A", "B"}[i%2], killFiles)
		if err := publishOnce(st); err != nil {
			fmt.Fprintln(os.Stderr, "child:", err)
			os.Exit(1)
		}
	}
}

func publishOnce(st site) error {
	s, err := Open(context.Background(), childOptions())
	if err != nil {
		return err
	}
	s.Furnish()
	for path, content := range st {
		p := filepath.Join(s.Staging(), filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if res, err := s.Commit(context.Background(), st.files()); err != nil || len(res.Changed)+len(res.Warnings) > 0 {
		return fmt.Errorf("%w %v %v", err, res.Changed, res.Warnings)
	}
	return s.Close()
}

// TestKill kills a publishing process at random moments: every other time at any,
// else within the few milliseconds of a swap and its removals. Where directories can
// be exchanged the destination must be whole at once, elsewhere after the next
// Open; .git must be there after it. DUSKPRESS_KILLS is the number of kills for
// each way of swapping.
func TestKill(t *testing.T) {
	kills := 15
	if v := os.Getenv("DUSKPRESS_KILLS"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal("DUSKPRESS_KILLS:", err)
		}
		kills = n
	}
	wantA, wantB := genSite("A", killFiles).published(), genSite("B", killFiles).published()
	git := site{".git/HEAD": "ref", ".git/objects/01/23": "blob", ".git/config": "config"}

	for _, method := range methods() {
		t.Run(method, func(t *testing.T) {
			defer force(method)()
			b := newBench(t)
			b.publish(t, genSite("A", killFiles))
			git.write(t, b.dest)

			whole := func(when string, skip ...string) (name string) {
				got := read(t, b.dest, skip...)
				if cmp.Equal(wantA, got) {
					return "A"
				}
				if cmp.Equal(wantB, got) {
					return "B"
				}
				t.Fatalf("%s: neither A nor B; against A (-want +got):\n%s", when, cmp.Diff(wantA, got))
				return ""
			}
			seen, recovered, gone := map[string]int{}, 0, 0
			for i := range kills {
				moment, span := "", 150*time.Millisecond
				if i%4 > 1 {
					moment, span = "swap", 4*time.Millisecond
				}
				cmd := child(b, "loop", "DUSKPRESS_METHOD="+method, "DUSKPRESS_MOMENT="+moment)
				out, err := cmd.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if line, _ := bufio.NewReader(out).ReadString('\n'); line != "start\n" {
					t.Fatalf("child says %q", line)
				}
				end := time.After(time.Duration(rand.Int64N(int64(span))))
				for waiting := true; waiting; {
					select {
					case <-end:
						waiting = false
					default:
						// A reader must find a home page at every instant.
						if data, err := os.ReadFile(filepath.Join(b.dest, "index.html")); method == "exchange" &&
							(err != nil || string(data) != wantA["index.html"] && string(data) != wantB["index.html"]) {
							t.Errorf("a reader got %q, %v", data, err)
						}
						time.Sleep(200 * time.Microsecond)
					}
				}
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
					t.Fatalf("the child ended by itself: %v", err)
				}
				if method == "exchange" {
					seen[whole(fmt.Sprintf("kill %d", i), ".git")]++
				}
				if !exists(filepath.Join(b.dest, ".git")) {
					gone++
				}
				if i%2 == 1 && i < kills-1 {
					continue // let the next child recover, and be killed at that
				}
				s := b.open(t)
				if s.Recovered() != "" {
					recovered++
				}
				name := whole("after recovery", ".git")
				if method != "exchange" {
					seen[name]++
				}
				if diff := cmp.Diff(git, read(t, filepath.Join(b.dest, ".git")).under(".git/")); diff != "" {
					t.Fatalf(".git after kill %d: %s", i, diff)
				}
				if exists(s.state("changed")) {
					t.Fatalf("kept something: %v", read(t, s.state("changed")))
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			t.Logf("%d kills: seen %v; %d with .git on its way, %d that met a swap", kills, seen, gone, recovered)
		})
	}
}

func (s site) under(prefix string) site {
	all := site{}
	for path, content := range s {
		all[prefix+path] = content
	}
	return all
}
