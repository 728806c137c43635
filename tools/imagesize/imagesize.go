// Package imagesize reads how large a picture is from its first bytes.
//
// What enters: a reader at the beginning of a file. What leaves: width and
// height in pixels, for PNG, GIF, JPEG and WebP. It decodes no picture, and
// reads no more than the head of the file, which a JPEG may stretch with what a
// camera put there.
package imagesize

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// ErrUnknown is returned for what is no picture of a known kind.
var ErrUnknown = errors.New("no PNG, GIF, JPEG or WebP")

// most is how much of a file is read.
const most = 1 << 20

// Read returns the size of a picture.
func Read(r io.Reader) (width, height int, err error) {
	b := bufio.NewReaderSize(io.LimitReader(r, most), 4096)
	head, err := b.Peek(30)
	if err != nil && len(head) < 10 {
		return 0, 0, ErrUnknown
	}
	switch s := string(head); {
	case s[:4] == "\x89PNG" && len(s) >= 24:
		return int(binary.BigEndian.Uint32(head[16:])), int(binary.BigEndian.Uint32(head[20:])), nil
	case s[:4] == "GIF8":
		return int(binary.LittleEndian.Uint16(head[6:])), int(binary.LittleEndian.Uint16(head[8:])), nil
	case s[:2] == "\xff\xd8":
		return fromJPEG(b)
	case s[:4] == "RIFF" && len(s) >= 30 && s[8:12] == "WEBP":
		return fromWebP(head)
	}
	return 0, 0, ErrUnknown
}

func fromWebP(head []byte) (width, height int, err error) {
	switch string(head[12:16]) {
	case "VP8 ":
		return int(binary.LittleEndian.Uint16(head[26:]) & 0x3fff), int(binary.LittleEndian.Uint16(head[28:]) & 0x3fff), nil
	case "VP8L":
		bits := binary.LittleEndian.Uint32(head[21:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1, nil
	case "VP8X":
		three := func(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
		return three(head[24:]) + 1, three(head[27:]) + 1, nil
	}
	return 0, 0, ErrUnknown
}

// fromJPEG goes from segment to segment up to the one that has the size.
func fromJPEG(b *bufio.Reader) (width, height int, err error) {
	if _, err := b.Discard(2); err != nil {
		return 0, 0, ErrUnknown
	}
	for {
		marker, err := b.ReadByte()
		if err != nil || marker != 0xff {
			return 0, 0, ErrUnknown
		}
		for marker == 0xff { // fill bytes
			if marker, err = b.ReadByte(); err != nil {
				return 0, 0, ErrUnknown
			}
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 {
			continue // these have no length
		}
		var length [2]byte
		if _, err := io.ReadFull(b, length[:]); err != nil {
			return 0, 0, ErrUnknown
		}
		n := int(binary.BigEndian.Uint16(length[:])) - 2
		if n < 0 || marker == 0xd9 || marker == 0xda {
			return 0, 0, ErrUnknown
		}
		if marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc {
			var frame [5]byte
			if _, err := io.ReadFull(b, frame[:]); err != nil {
				return 0, 0, ErrUnknown
			}
			return int(binary.BigEndian.Uint16(frame[3:])), int(binary.BigEndian.Uint16(frame[1:])), nil
		}
		if _, err := b.Discard(n); err != nil {
			return 0, 0, ErrUnknown
		}
	}
}
