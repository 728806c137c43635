package imagesize

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
)

func pictures(t testing.TB) map[string][]byte {
	rgba := image.NewRGBA(image.Rect(0, 0, 321, 45))
	all := make(map[string][]byte)
	var b bytes.Buffer
	if err := png.Encode(&b, rgba); err != nil {
		t.Fatal(err)
	}
	all["png"] = bytes.Clone(b.Bytes())
	b.Reset()
	if err := gif.Encode(&b, rgba, nil); err != nil {
		t.Fatal(err)
	}
	all["gif"] = bytes.Clone(b.Bytes())
	b.Reset()
	if err := jpeg.Encode(&b, rgba, nil); err != nil {
		t.Fatal(err)
	}
	all["jpeg"] = bytes.Clone(b.Bytes())
	// What a camera writes stands before the size.
	exif := append([]byte{0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff}, make([]byte, 0xffff-2)...)
	all["jpeg with Exif data"] = append(exif, b.Bytes()[2:]...)
	// One pixel, made by libwebp: lossy and lossless.
	for name, s := range map[string]string{
		"webp lossy":    "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA",
		"webp lossless": "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==",
	} {
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = data
	}
	return all
}

func TestRead(t *testing.T) {
	for name, data := range pictures(t) {
		w, h, err := Read(bytes.NewReader(data))
		wantW, wantH := 321, 45
		if strings.HasPrefix(name, "webp") {
			wantW, wantH = 1, 1
		}
		if err != nil || w != wantW || h != wantH {
			t.Errorf("%s: %d×%d, %v", name, w, h, err)
		}
	}
	for _, s := range []string{"", "GIF", "<svg/>", "\xff\xd8\xff", "\xff\xd8\xff\xda\x00\x02", "RIFF....WEBPxxxx..............", "some text, long enough to be looked at"} {
		if w, h, err := Read(bytes.NewReader([]byte(s))); err == nil {
			t.Errorf("%q: %d×%d", s, w, h)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, data := range pictures(f) {
		f.Add(data[:min(len(data), 200)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if w, h, err := Read(bytes.NewReader(data)); err != nil && (w != 0 || h != 0) {
			t.Errorf("%d×%d with an error", w, h)
		}
	})
}
