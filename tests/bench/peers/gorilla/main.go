// A chat server on gorilla/websocket, shaped like goChat and the library's own chat example: one hub
// goroutine, and for each connection one that reads and one that writes, joined by channels.
//
//	gorilla [-port N] [-join]
//
// With -join the writer puts all lines that wait into one frame, newlines between them, as the
// library's example does; without, each line is a message of its own, as in goChat. Nothing is
// compressed.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	sendBuffer     = 256
	maxMessageSize = 512
	writeWait      = 10 * time.Second
	pongWait       = 60 * time.Second
	pingPeriod     = 54 * time.Second
)

type client struct {
	conn *websocket.Conn
	send chan []byte // closed by the hub, which alone puts into it
}

type hub struct {
	register, unregister chan *client
	broadcast            chan []byte
}

// run owns the set of clients. One that cannot take a line at once is let go.
func (h *hub) run() {
	clients := map[*client]struct{}{}
	letGo := func(c *client) {
		if _, known := clients[c]; known {
			delete(clients, c)
			close(c.send)
		}
	}
	for {
		select {
		case c := <-h.register:
			clients[c] = struct{}{}
		case c := <-h.unregister:
			letGo(c)
		case line := <-h.broadcast:
			for c := range clients {
				select {
				case c.send <- line:
				default:
					letGo(c)
				}
			}
		}
	}
}

func (c *client) read(h *hub) {
	defer func() {
		h.unregister <- c
		c.conn.Close()
	}()
	c.conn.SetReadLimit(maxMessageSize)
	c.conn.SetReadDeadline(time.Now().Add(pongWait))
	c.conn.SetPongHandler(func(string) error {
		return c.conn.SetReadDeadline(time.Now().Add(pongWait))
	})
	for {
		_, line, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		h.broadcast <- line
	}
}

func (c *client) write(join bool) {
	ticker := time.NewTicker(pingPeriod)
	defer func() {
		ticker.Stop()
		c.conn.Close()
	}()
	for {
		select {
		case line, open := <-c.send:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if !open {
				c.conn.WriteMessage(websocket.CloseMessage, nil)
				return
			}
			if c.writeText(line, join) != nil {
				return
			}
		case <-ticker.C:
			c.conn.SetWriteDeadline(time.Now().Add(writeWait))
			if c.conn.WriteMessage(websocket.PingMessage, nil) != nil {
				return
			}
		}
	}
}

func (c *client) writeText(line []byte, join bool) error {
	if !join {
		return c.conn.WriteMessage(websocket.TextMessage, line)
	}
	message, err := c.conn.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	message.Write(line)
	for waiting := len(c.send); waiting > 0; waiting-- {
		next, open := <-c.send
		if !open {
			break // the next turn of the loop finds the channel closed, and says goodbye
		}
		message.Write([]byte{'\n'})
		message.Write(next)
	}
	return message.Close()
}

func main() {
	port := flag.Int("port", 0, "TCP port on 127.0.0.1; 0 picks a free one")
	join := flag.Bool("join", false, "put all waiting lines into one frame")
	flag.Parse()

	h := &hub{
		register:   make(chan *client),
		unregister: make(chan *client),
		broadcast:  make(chan []byte),
	}
	go h.run()
	upgrader := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}
	http.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{conn: conn, send: make(chan []byte, sendBuffer)}
		h.register <- c
		go c.write(*join)
		c.read(h)
	})
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s/\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
