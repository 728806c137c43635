package pipeline

import (
	"fmt"
	"reflect"

	"duskpress/tools/cache"
)

// Kept returns what make gives for a file of the site, from the cache if a build
// before made it of the same bytes. What make gives must depend on nothing but
// those and what, which names the maker; T is made of structs with exported
// fields, slices, texts, truths and numbers.
func Kept[T any](s *Site, kind cache.Kind, what string, f *File, make func() (T, error)) (T, error) {
	if s.Cache == nil || s.Identity == "" {
		return make()
	}
	key := cache.Sum("kept", s.Identity, what).Bytes(f.SHA256[:]).Key()
	var value T
	if data, ok := s.Cache.Get(kind, key); ok {
		d := newDecoder(data)
		d.value(reflect.ValueOf(&value).Elem())
		if d.end() == nil {
			return value, nil
		}
	}
	value, err := make()
	if err != nil {
		return value, err
	}
	var e encoder
	e.value(reflect.ValueOf(&value).Elem())
	s.Cache.Put(kind, key, e.buf)
	return value, nil
}

func (e *encoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		e.string(v.String())
	case reflect.Bool:
		e.bool(v.Bool())
	case reflect.Int, reflect.Int64:
		e.int(v.Int())
	case reflect.Struct:
		for i := range v.NumField() {
			e.value(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			e.int(-1)
			return
		}
		e.int(int64(v.Len()))
		for i := range v.Len() {
			e.value(v.Index(i))
		}
	default:
		panic(fmt.Sprintf("pipeline: %s cannot be kept", v.Type()))
	}
}

func (d *decoder) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(d.string())
	case reflect.Bool:
		v.SetBool(d.bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(d.int())
	case reflect.Struct:
		for i := range v.NumField() {
			d.value(v.Field(i))
		}
	case reflect.Slice:
		n := d.int()
		if n < 0 {
			return
		}
		if n > int64(len(d.buf)) {
			d.bad, d.buf = true, nil
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), int(n), int(n)))
		for i := range int(n) {
			d.value(v.Index(i))
		}
	default:
		panic(fmt.Sprintf("pipeline: %s cannot be kept", v.Type()))
	}
}
