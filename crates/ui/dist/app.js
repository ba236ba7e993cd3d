"use strict";
(() => {
  // node_modules/preact/dist/preact.mjs
  var n;
  var t;
  var r;
  var u;
  var i;
  var f;
  var o;
  var e;
  var l;
  var c;
  var a;
  var s;
  var h = /* @__PURE__ */ Symbol.for("pv");
  var p = {};
  var y = [];
  var v = /^m(i|n|o|s|text|space)$/;
  var w = Array.isArray;
  var d = y.slice;
  var _ = Object.assign;
  function g(n2) {
    n2 && n2.parentNode && n2.remove();
  }
  function m(r3, u3, i3, f4, o4) {
    var e3 = { type: r3, props: u3, key: i3, ref: f4, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: h, __v: o4 || ++t, __i: -1, __u: 0 };
    return !o4 && n.vnode && n.vnode(e3), e3;
  }
  function $(n2) {
    return n2.children;
  }
  function x(n2, t3) {
    this.props = n2, this.context = t3, this.__g = 0;
  }
  function S(n2, t3) {
    if (null == t3) return n2.__ && S(n2.__, n2.__i + 1);
    for (var r3; t3 < n2.__k.length; t3++) if ((r3 = n2.__k[t3]) && r3.__e) return r3.__e;
    return "function" != typeof n2.type || n2.props.__P ? null : S(n2);
  }
  function C(t3) {
    var r3, u3 = t3.__v, i3 = u3.__e, f4 = [], o4 = [], e3 = t3.__P;
    e3 && ((r3 = _({ constructor: h }, u3)).__v = u3.__v + 1, n.vnode && n.vnode(r3), z(e3, r3, u3, t3.__n, e3.namespaceURI, 32 & u3.__u ? [i3] : null, f4, i3 || S(u3), 32 & u3.__u, o4), r3.__v = u3.__v, r3.__.__k[r3.__i] = r3, E(f4, r3, o4), u3.__ = u3.__e = null, r3.__e != i3 && j(r3));
  }
  function j(n2) {
    if ((n2 = n2.__) && n2.__c && !n2.props.__P) return n2.__e = null, n2.__k.some(function(t3) {
      return t3 && (n2.__e = t3.__e);
    }), j(n2);
  }
  function L(t3) {
    (8 & t3.__g || (t3.__g |= 8, u.push(t3), f++)) && i == n.debounceRendering || ((i = n.debounceRendering) || queueMicrotask)(H);
  }
  function H() {
    try {
      for (var n2, t3 = 1; u.length; ) u.length > t3 && u.sort(o), n2 = u.shift(), t3 = u.length, 8 & n2.__g && C(n2);
    } finally {
      (f = u.length) && (i || queueMicrotask)(H);
    }
  }
  function I(n2, t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, h3, v3, w3, d3, _3, g3 = u3.__k || y, k2 = t3.length;
    for (l3 = q(r3, t3, g3, l3, k2), s3 = 0; s3 < k2; s3++) null != (v3 = r3.__k[s3]) && (h3 = ~v3.__i && g3[v3.__i] || p, v3.__i = s3, _3 = z(n2, v3, h3, i3, f4, o4, e3, l3, c3, a4), w3 = v3.__e, (h3.ref != v3.ref || 8 & h3.__u) && (h3.ref && G(h3.ref, null, v3, h3), v3.ref && a4.push(v3.ref, v3.__c || w3, v3)), d3 = d3 || w3, 4 & v3.__u ? (l3 = A(v3, l3, n2, !h3.__v), h3.__e && (h3.__e = null)) : "function" == typeof v3.type && void 0 !== _3 ? l3 = _3 : w3 && (l3 = w3.nextSibling), v3.__u &= -21);
    return r3.__e = d3, l3;
  }
  function q(n2, t3, r3, u3, i3) {
    var f4, o4, e3, l3, c3, a4, s3, p3, y3, v3 = r3.length, d3 = v3, _3 = 0, g3 = 0, k2 = n2.__k = Array(i3);
    for (f4 = 0; f4 < i3; f4++) null != (o4 = t3[f4]) && "boolean" != typeof o4 && "function" != typeof o4 ? ("object" != typeof o4 || o4.constructor === String ? o4 = k2[f4] = m(null, o4) : w(o4) ? o4 = k2[f4] = m($, { children: o4 }) : o4.constructor === h && o4.__b ? o4 = k2[f4] = m(o4.type, o4.props, o4.key, o4.ref, o4.__v) : k2[f4] = o4, l3 = f4 + _3, o4.__ = n2, o4.__b = n2.__b + 1, e3 = null, ~(c3 = o4.__i = P(o4, r3, l3, d3)) && (d3--, (e3 = r3[c3]) && (e3.__u |= 2)), e3 && e3.__v ? (o4.__u |= 16, c3 == l3 - 1 ? _3-- : c3 == l3 + 1 ? _3++ : c3 != l3 && (c3 > l3 ? _3-- : _3++, g3 = 1)) : (~c3 || (i3 > v3 ? _3-- : i3 < v3 && _3++), "function" != typeof o4.type && (o4.__u |= 4))) : k2[f4] = null;
    if (g3) {
      for (a4 = [], s3 = [], f4 = 0; f4 < i3; f4++) if ((o4 = k2[f4]) && 16 & o4.__u) {
        for (_3 = 0, p3 = a4.length; _3 < p3; ) a4[y3 = _3 + p3 >> 1] < o4.__i ? _3 = y3 + 1 : p3 = y3;
        a4[_3] = o4.__i, s3[f4] = _3 + 1;
      }
      for (_3 = a4.length; f4--; ) s3[f4] && (s3[f4] == _3 ? _3-- : k2[f4].__u |= 4);
    }
    if (d3) for (f4 = 0; f4 < v3; f4++) !(e3 = r3[f4]) || 2 & e3.__u || (e3.__e == u3 && (u3 = S(e3)), J(e3, e3));
    return u3;
  }
  function A(n2, t3, r3, u3) {
    var i3, f4, o4, e3;
    if ("function" == typeof n2.type) {
      if (n2.props.__P) return t3;
      if (i3 = n2.__k) for (f4 = 0; f4 < i3.length; f4++) i3[f4] && (i3[f4].__ = n2, t3 = A(i3[f4], t3, r3, false));
      return t3;
    }
    for (t3 && !t3.parentNode && (t3 = S(n2)) && !t3.parentNode && (t3 = null), o4 = n2.__e, e3 = t3; e3 && 8 == e3.nodeType; ) e3 = e3.nextSibling;
    for (o4 != e3 && (!u3 && r3.moveBefore && o4.parentNode ? r3.moveBefore(o4, t3) : r3.insertBefore(o4, t3 || null)), t3 = o4; (t3 = t3 && t3.nextSibling) && 8 == t3.nodeType && !t3.data.startsWith("$s"); ) ;
    return t3;
  }
  function P(n2, t3, r3, u3) {
    var i3, f4 = n2.key, o4 = n2.type, e3 = t3[r3], l3 = e3 && !(2 & e3.__u);
    if (null === e3 && null == f4 || l3 && f4 == e3.key && o4 == e3.type) return r3;
    if (u3 > (l3 ? 1 : 0)) {
      for (i3 = r3 - 1; i3 >= 0; i3--) if ((e3 = t3[i3]) && !(2 & e3.__u) && f4 == e3.key && o4 == e3.type) return i3;
      for (i3 = r3 + 1; i3 < t3.length; i3++) if ((e3 = t3[i3]) && !(2 & e3.__u) && f4 == e3.key && o4 == e3.type) return i3;
    }
    return -1;
  }
  function T(n2, t3, r3) {
    null == r3 && (r3 = ""), "-" == t3[0] ? n2.setProperty(t3, r3) : n2[t3] = r3;
  }
  function N(n2, t3, r3, u3, i3) {
    var f4, o4;
    if ("style" == t3) if ("string" == typeof r3) n2.style.cssText = r3;
    else {
      if ("string" == typeof u3 && (n2.style.cssText = u3 = ""), u3) for (t3 in u3) r3 && t3 in r3 || T(n2.style, t3);
      if (r3) for (t3 in r3) u3 && r3[t3] == u3[t3] || T(n2.style, t3, r3[t3]);
    }
    else if ("o" == t3[0] && "n" == t3[1]) "function" != typeof r3 && (r3 = null), "function" != typeof u3 && (u3 = null), (n2.__e || (n2.__e = {}))[t3] = r3, r3 && u3 || (o4 = a[t3] || (a[t3] = V(t3)), (n2.__a || (n2.__a = {}))[t3] = c, f4 = t3 != (t3 = t3.replace(l, "$1")), (t3 = t3.slice(2))[0] < "a" && (t3 = t3.toLowerCase()), r3 ? n2.addEventListener(t3, o4, f4) : n2.removeEventListener(t3, o4, f4));
    else {
      if ("http://www.w3.org/2000/svg" == i3) t3 = t3.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
      else if ("width" != t3 && "height" != t3 && "href" != t3 && "list" != t3 && "form" != t3 && "tabIndex" != t3 && "download" != t3 && "rowSpan" != t3 && "colSpan" != t3 && "role" != t3 && "popover" != t3 && t3 in n2) try {
        return void (n2[t3] = null == r3 ? "" : r3);
      } catch (n3) {
      }
      if ("function" == typeof r3) return;
      null == r3 || false === r3 && "-" != t3[4] ? n2.removeAttribute(t3) : n2.setAttribute(t3, "popover" == t3 && 1 == r3 ? "" : r3);
    }
  }
  function V(t3) {
    return function(r3) {
      var u3 = this.__e;
      if (u3) {
        if (u3 = u3[t3], null == r3[e]) r3[e] = c++;
        else if (r3[e] < this.__a[t3]) return;
        return u3(n.event ? n.event(r3) : r3);
      }
    };
  }
  function z(t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, p3, v3, d3, k2, b2, m3, M, C3, j3, L2, H2, q2, A3, O, P2, T3, N2, V2 = r3.type;
    if (r3.constructor !== h) return null;
    128 & u3.__u && (c3 = 32 & u3.__u, s3 = u3.__c.__z) && (r3.__u |= c3, p3 = o4 = [], 8 == s3.nodeType ? l3 = B(s3, o4) : o4.push(s3), l3 = o4[0] || l3), (s3 = n.__b) && s3(r3);
    n: if ("function" == typeof V2) {
      v3 = e3.length;
      try {
        if (M = r3.props, C3 = (s3 = V2.prototype) && s3.render, j3 = (s3 = V2.contextType) && i3[s3.__c], L2 = s3 ? j3 ? j3.props.value : s3.__ : i3, (d3 = u3.__c) ? (r3.__c = d3, 2 & d3.__g && (d3.__g |= 1)) : (C3 ? r3.__c = d3 = new V2(M, L2) : (r3.__c = d3 = new x(M, L2), d3.constructor = V2, d3.render = K), j3 && j3.sub(d3), d3.state || (d3.state = {}), d3.__n = i3, d3.__g |= 8, d3.__h = [], d3.__k = []), C3 && (d3.__s || (d3.__s = d3.state), V2.getDerivedStateFromProps && (d3.__s == d3.state && (d3.__s = _({}, d3.__s)), _(d3.__s, V2.getDerivedStateFromProps(M, d3.__s)))), k2 = d3.props, b2 = d3.state, d3.__v = r3, u3.__c) {
          if (M !== k2 && C3 && !V2.getDerivedStateFromProps && d3.componentWillReceiveProps && d3.componentWillReceiveProps(M, L2), r3.__v == u3.__v && !(8 & d3.__g) || !(4 & d3.__g) && d3.shouldComponentUpdate && false === d3.shouldComponentUpdate(M, d3.__s, L2)) {
            r3.__v != u3.__v && (d3.props = M, d3.state = d3.__s, d3.__g &= -9), r3.__e = u3.__e, r3.__k = u3.__k, r3.__k.some(function(n2) {
              n2 && (n2.__ = r3);
            }), y.push.apply(d3.__h, d3.__k), d3.__k = [], d3.__h.length && e3.push(d3), l3 = S(u3);
            break n;
          }
          d3.componentWillUpdate && d3.componentWillUpdate(M, d3.__s, L2), C3 && d3.componentDidUpdate && d3.__h.push(function() {
            d3.componentDidUpdate(k2, b2, m3);
          });
        } else C3 && !V2.getDerivedStateFromProps && d3.componentWillMount && d3.componentWillMount(), C3 && d3.componentDidMount && d3.__h.push(d3.componentDidMount);
        d3.context = L2, d3.props = M, d3.__P = t3, d3.__g &= -5, H2 = n.__r, q2 = C3 ? 25 : 0;
        do {
          d3.__g &= -9, H2 && H2(r3), s3 = d3.render(d3.props, d3.state = d3.__s, d3.context);
        } while (8 & d3.__g && ++q2 < 25);
        C3 && (y.push.apply(d3.__h, d3.__k), d3.__k = []), d3.state = d3.__s, d3.getChildContext && (i3 = _({}, i3, d3.getChildContext())), C3 && u3.__c && d3.getSnapshotBeforeUpdate && (m3 = d3.getSnapshotBeforeUpdate(k2, b2)), A3 = s3 && s3.type === $ && null == s3.key ? s3.props.children : s3, M.__P && (s3 = l3, f4 = (t3 = M.__P).namespaceURI, c3 = o4 = null, u3.props && u3.props.__P != t3 && (u3.__k.some(function(n2) {
          n2 && J(n2, n2);
        }), u3.__k = null), l3 = u3.__k ? S(u3, 0) : null), l3 = I(t3, w(A3) ? A3 : [A3], r3, u3, i3, f4, o4, e3, l3, c3, a4), M.__P && (r3.__e = null, l3 = s3), r3.__u &= -161, p3 && p3.some(g), d3.__h.length && e3.push(d3), 1 & d3.__g && (d3.__g &= -4);
      } catch (t4) {
        if (e3.length = v3, r3.__v = null, c3 || o4) if (t4 && t4.then) {
          if (r3.__u |= 128 | c3, o4) {
            for (~(T3 = o4.indexOf(l3 || void 0)) || (T3 = o4.length); (N2 = o4[T3 - 1]) && 8 == N2.nodeType; ) T3--;
            for (; T3 < o4.length; T3++) if (N2 = o4[T3]) if (o4[T3] = null, O) {
              if (N2 == P2) break;
            } else {
              if (8 != N2.nodeType) break;
              N2.data.startsWith("$s") && (P2 = B(O = N2));
            }
          }
          if (!O) {
            for (; l3 && 8 == l3.nodeType && l3.nextSibling; ) l3 = l3.nextSibling;
            O = l3;
          }
          (s3 = B(O = r3.__c.__z || (r3.__c.__z = O))) ? (r3.__e = O, l3 = s3) : r3.__e = l3, l3 = l3 && l3.nextSibling;
        } else o4 && o4.some(g);
        else r3.__e = u3.__e;
        r3.__k || (r3.__k = u3.__k || []), t4 && t4.then || D(r3), n.__e(t4, r3, u3);
      }
    } else l3 = r3.__e = F(u3.__e, r3, u3, i3, f4, o4, e3, c3, a4, t3);
    return (s3 = n.diffed) && s3(r3), l3;
  }
  function B(n2, t3) {
    if (n2 && 8 == n2.nodeType && n2.data.startsWith("$s")) for (var r3 = 1; n2 = n2.nextSibling; ) {
      if (8 == n2.nodeType) {
        if (n2.data.startsWith("$s")) r3++;
        else if (n2.data.startsWith("/$s") && !--r3) return n2;
      }
      t3 && t3.push(n2);
    }
  }
  function D(n2) {
    n2 && (n2.__c && (n2.__c.__g |= 4), n2.__k && n2.__k.some(D));
  }
  function E(t3, r3, u3) {
    for (var i3 = 0; i3 < u3.length; ) G(u3[i3++], u3[i3++], u3[i3++]);
    n.__c && n.__c(r3, t3), t3.some(function(r4) {
      try {
        t3 = r4.__h, r4.__h = [], t3.some(function(n2) {
          n2.call(r4);
        });
      } catch (t4) {
        n.__e(t4, r4.__v);
      }
    });
  }
  function F(t3, r3, u3, i3, f4, o4, e3, l3, c3, a4) {
    var s3, h3, y3, _3, k2, b2, m3, M, $2 = u3.props || p, x2 = r3.props, C3 = r3.type;
    if ("svg" == C3 ? f4 = "http://www.w3.org/2000/svg" : "math" == C3 ? f4 = "http://www.w3.org/1998/Math/MathML" : f4 || (f4 = "http://www.w3.org/1999/xhtml"), o4) {
      for (s3 = 0; s3 < o4.length; s3++) if ((k2 = o4[s3]) && (C3 ? k2.localName == C3 : 3 == k2.nodeType)) {
        t3 = k2, o4[s3] = null;
        break;
      }
    }
    if (!t3) {
      if (M = a4.ownerDocument || document, !C3) return M.createTextNode(x2);
      t3 = M.createElementNS(f4, C3, x2.is ? x2 : a4), l3 && (n.__m && n.__m(r3, o4), l3 = false), o4 = null;
    }
    if (C3) {
      if (a4 = "template" == C3 && t3.content || t3, o4 = "textarea" == C3 && null != x2.defaultValue ? null : o4 && d.call(a4.childNodes), !l3 && o4) for ($2 = {}, s3 = 0; s3 < t3.attributes.length; s3++) $2[(k2 = t3.attributes[s3]).name] = k2.value;
      for (s3 in $2) k2 = $2[s3], "dangerouslySetInnerHTML" == s3 ? y3 = k2 : "children" == s3 || s3 in x2 || "value" == s3 && "defaultValue" in x2 || "checked" == s3 && "defaultChecked" in x2 || N(t3, s3, null, k2, f4);
      for (s3 in x2) k2 = x2[s3], "children" == s3 ? _3 = k2 : "dangerouslySetInnerHTML" == s3 ? h3 = k2 : "value" == s3 ? b2 = k2 : "checked" == s3 ? m3 = k2 : l3 && "function" != typeof k2 || $2[s3] === k2 || N(t3, s3, k2, $2[s3], f4);
      h3 ? (l3 || y3 && (h3.__html == y3.__html || h3.__html == t3.innerHTML) || (t3.innerHTML = h3.__html), r3.__k = []) : (y3 && (t3.textContent = ""), ("foreignObject" == C3 || "http://www.w3.org/1998/Math/MathML" == f4 && v.test(C3)) && (f4 = "http://www.w3.org/1999/xhtml"), I(a4, w(_3) ? _3 : [_3], r3, u3, i3, f4, o4, e3, o4 ? o4[0] : u3.__k && S(u3, 0), l3, c3), o4 && o4.some(g)), l3 && "textarea" != C3 || (s3 = "value", "progress" == C3 && null == b2 ? t3.removeAttribute(s3) : null == b2 || b2 === t3[s3] && ("progress" != C3 || b2) || N(t3, s3, b2, $2[s3], f4), s3 = "checked", null != m3 && m3 != t3[s3] && N(t3, s3, m3, $2[s3], f4));
    } else $2 === x2 || l3 && t3.data == x2 || (t3.data = x2);
    return t3;
  }
  function G(t3, r3, u3, i3) {
    try {
      "function" == typeof t3 ? r3 ? r3.__x = t3(r3) || 1 : i3 && (i3 = i3.__c || i3.__e) && (r3 = i3.__x) && (i3.__x = null, "function" == typeof r3 ? r3() : t3(null)) : t3.current = r3;
    } catch (t4) {
      n.__e(t4, u3);
    }
  }
  function J(t3, r3, u3) {
    var i3, f4, o4, e3;
    if (n.unmount && n.unmount(t3), !(i3 = t3.ref) || i3.current && i3.current != t3.__e || G(i3, null, r3, t3), i3 = t3.__c) {
      if (i3.componentWillUnmount) try {
        i3.componentWillUnmount();
      } catch (t4) {
        n.__e(t4, r3);
      }
      i3.__P = i3.__n = null;
    }
    if (i3 = t3.__k) for (e3 = 0; e3 < i3.length; e3++) i3[e3] && J(i3[e3], r3, "function" != typeof t3.type || u3 && !t3.props.__P);
    !u3 && (i3 = t3.__c) && (i3 = i3.__z) && (f4 = B(i3, o4 = [])) && (i3 == t3.__e && o4.some(g), g(f4), g(i3)), u3 || g(t3.__e), t3.__e = t3.__c = t3.__ = null;
  }
  function K(n2, t3, r3) {
    return this.constructor(n2, r3);
  }
  function Q(t3, r3) {
    var u3, i3, f4, o4;
    n.__ && n.__(t3, r3), 9 == r3.nodeType && (r3 = r3.documentElement), i3 = (u3 = t3 && 32 & t3.__u) ? null : r3.__k, r3.__k = m($, { children: [t3] }), f4 = [], o4 = [], z(r3, r3.__k, i3 || p, p, r3.namespaceURI, i3 ? null : r3.firstChild ? d.call(r3.childNodes) : null, f4, i3 ? i3.__e : r3.firstChild, u3, o4), E(f4, r3.__k, o4), r3.__k.props.children = null;
  }
  function U(n2) {
    function t3(n3) {
      var r3, u3;
      return this.getChildContext || (r3 = /* @__PURE__ */ new Set(), (u3 = {})[t3.__c] = this, this.getChildContext = function() {
        return u3;
      }, this.shouldComponentUpdate = function(n4) {
        this.props.value != n4.value && r3.forEach(function(n5) {
          n5.__g |= 4, L(n5);
        });
      }, this.sub = function(n4) {
        r3.add(n4);
        var t4 = n4.componentWillUnmount;
        n4.componentWillUnmount = function() {
          r3.delete(n4), t4 && t4.call(n4);
        };
      }), n3.children;
    }
    return t3.__c = "__cC" + s++, t3.__ = n2, t3.Provider = (t3.Consumer = function(n3, t4) {
      return n3.children(t4);
    }).contextType = t3, t3;
  }
  n = { __e: function(n2, t3, r3, u3) {
    for (var i3, o4, e3; t3 = t3.__; ) if ((i3 = t3.__c) && !(1 & i3.__g)) {
      i3.__g |= 4;
      try {
        if ((e3 = (o4 = i3.constructor) && o4.getDerivedStateFromError) && i3.setState(o4.getDerivedStateFromError(n2)), i3.componentDidCatch && (i3.componentDidCatch(n2, u3 || {}), e3 = 1), e3 && 8 & i3.__g) return void (i3.__g |= 2);
      } catch (t4) {
        n2 = t4;
      }
    }
    throw f = 0, n2;
  } }, t = 0, r = function(n2) {
    return null != n2 && n2.constructor === h;
  }, x.prototype.setState = function(n2, t3) {
    var r3 = this.__s;
    r3 && r3 != this.state || (r3 = this.__s = _({}, this.state)), "function" == typeof n2 && (n2 = n2(_({}, r3), this.props)), n2 && (_(r3, n2), this.__v && (t3 && this.__k.push(t3), L(this)));
  }, x.prototype.forceUpdate = function(n2) {
    this.__v && (this.__g |= 4, n2 && this.__h.push(n2), L(this));
  }, x.prototype.render = $, u = [], f = 0, o = function(n2, t3) {
    return n2.__v.__b - t3.__v.__b;
  }, e = /* @__PURE__ */ Symbol(), l = /(PointerCapture)$|Capture$/i, c = 0, a = {}, s = 0;

  // node_modules/preact/hooks/dist/hooks.mjs
  var t2;
  var r2;
  var u2;
  var i2;
  var o2 = Object.is;
  var f2 = 0;
  var c2 = [];
  var e2 = [];
  var a2 = n;
  var v2 = a2.__b;
  var l2 = a2.__r;
  var m2 = a2.diffed;
  var h2 = a2.__c;
  var s2 = a2.unmount;
  var p2 = a2.__;
  function y2(n2, t3) {
    a2.__h && a2.__h(r2, n2, f2 || t3), f2 = 0;
    var u3 = r2.__H || (r2.__H = { __: [], __h: [] });
    return n2 >= u3.__.length && u3.__.push({}), u3.__[n2];
  }
  function d2(n2) {
    return f2 = 1, _2(G2, n2);
  }
  function _2(n2, u3, i3) {
    var f4 = y2(t2++, 2);
    if (f4.t = n2, !f4.__c && (f4.__ = [i3 ? i3(u3) : G2(void 0, u3), function(n3) {
      var t3 = (f4.__N || f4.__)[0], r3 = f4.t(t3, n3);
      o2(t3, r3) || (f4.__N = [r3, f4.__[1]], f4.__c.setState({}));
    }], f4.__c = r2, !r2.__f)) {
      r2.__f = true;
      var c3 = r2.shouldComponentUpdate;
      r2.shouldComponentUpdate = function(n3, t3, r3) {
        var u4 = this.__H;
        if (!u4) return true;
        var i4 = false, f5 = this.props != n3;
        if (u4.__.some(function(n4) {
          n4.__N && (i4 = true, o2(n4.__[0], n4.__N[0]) || (f5 = true));
        }), c3) {
          var e3 = c3.call(this, n3, t3, r3);
          return i4 ? e3 || f5 : e3;
        }
        return !i4 || f5;
      };
    }
    return f4.__;
  }
  function A2(n2, u3) {
    var i3 = y2(t2++, 3);
    !a2.__s && E2(i3.__H, u3) && (i3.__P = true, i3.__ = n2, i3.u = u3, r2.__H.__h.push(i3));
  }
  function F2(n2, u3) {
    var i3 = y2(t2++, 4);
    !a2.__s && E2(i3.__H, u3) && (i3.__P = false, i3.__ = n2, i3.u = u3, r2.__h.push(i3));
  }
  function T2(n2) {
    return f2 = 5, w2(function() {
      return { current: n2 };
    }, []);
  }
  function w2(n2, r3) {
    var u3 = y2(t2++, 7);
    return E2(u3.__H, r3) && (u3.__ = n2(), u3.__H = r3), u3.__;
  }
  function b(n2, t3) {
    return f2 = 8, w2(function() {
      return n2;
    }, t3);
  }
  function j2(n2) {
    var u3 = r2.context[n2.__c], i3 = y2(t2++, 9);
    return i3.c = n2, u3 ? (null == i3.__ && (i3.__ = true, u3.sub(r2)), u3.props.value) : n2.__;
  }
  function g2() {
    var n2;
    do {
      for (; n2 = e2.shift(); ) try {
        C2(n2);
      } catch (t4) {
        a2.__e(t4, { __: (n2 = n2.__P) && n2.__v });
      }
      for (; n2 = c2.shift(); ) {
        var t3 = n2.__H;
        if (n2.__P && t3) try {
          t3.__h.some(C2), t3.__h.some(D2), t3.__h = [];
        } catch (r3) {
          t3.__h = [], a2.__e(r3, n2.__v);
        }
      }
    } while (e2.length);
  }
  a2.__b = function(n2) {
    r2 = null, v2 && v2(n2);
  }, a2.__ = function(n2, t3) {
    n2 && t3.__k && t3.__k.__m && (n2.__m = t3.__k.__m), p2 && p2(n2, t3);
  }, a2.__r = function(n2) {
    l2 && l2(n2), t2 = 0;
    var i3 = (r2 = n2.__c).__H;
    i3 && (u2 == r2 ? r2.__h = [] : (i3.__h.some(C2), i3.__h.some(D2), t2 = 0), i3.__h = [], i3.__.some(function(n3) {
      n3.__N && (n3.__ = n3.__N), n3.u = n3.__N = void 0;
    })), u2 = r2;
  }, a2.diffed = function(n2) {
    m2 && m2(n2);
    var t3 = n2.__c;
    t3 && t3.__H && (t3.__H.__h.length && B2(c2.push(t3)), t3.__H.__.some(function(n3) {
      n3.u && (n3.__H = n3.u);
    })), u2 = r2 = null;
  }, a2.__c = function(n2, t3) {
    t3.some(function(n3) {
      try {
        n3.__h.some(C2), n3.__h = n3.__h.filter(function(n4) {
          return !n4.__ || D2(n4);
        });
      } catch (t4) {
        n3.__h = [function() {
          throw t4;
        }];
      }
    }), h2 && h2(n2, t3);
  }, a2.unmount = function(n2) {
    s2 && s2(n2);
    var t3, r3, u3 = n2.__c;
    u3 && u3.__H && (u3.__H.__.some(function(u4) {
      try {
        if (u4.__P && u4.__c) {
          if (void 0 === r3) {
            for (r3 = n2.__; r3 && (!r3.__c || !r3.__c.__P); ) r3 = r3.__;
            r3 = r3 && r3.__c;
          }
          u4.__P = r3, B2(e2.push(u4));
        } else C2(u4);
      } catch (n3) {
        t3 = n3;
      }
    }), u3.__H = void 0, t3 && a2.__e(t3, u3.__v));
  };
  var k = "function" == typeof requestAnimationFrame;
  function z2(n2) {
    var t3, r3 = function() {
      clearTimeout(u3), k && cancelAnimationFrame(t3), setTimeout(n2);
    }, u3 = setTimeout(r3, 35);
    k && (t3 = requestAnimationFrame(r3));
  }
  function B2(n2) {
    1 != n2 && i2 == a2.requestAnimationFrame || ((i2 = a2.requestAnimationFrame) || z2)(g2);
  }
  function C2(n2) {
    var t3 = r2, u3 = n2.__c;
    "function" == typeof u3 && (n2.__c = void 0, u3()), r2 = t3;
  }
  function D2(n2) {
    var t3 = r2;
    n2.__c = n2.__(), r2 = t3;
  }
  function E2(n2, t3) {
    return !n2 || n2.length != t3.length || t3.some(function(t4, r3) {
      return !o2(t4, n2[r3]);
    });
  }
  function G2(n2, t3) {
    return "function" == typeof t3 ? t3(n2) : t3;
  }

  // src/address.ts
  var PAGES = ["", "traces", "trace", "service", "why", "map", "compare", "ask", "sql", "status"];
  var COMMON = ["since", "from", "to", "source", "tz"];
  function read() {
    const name = location.pathname.split("/").at(-1) ?? "";
    const page = PAGES.find((page2) => page2 === name) ?? null;
    return { page, params: new URLSearchParams(location.search) };
  }
  function href(page, params = {}) {
    const now2 = new URLSearchParams(location.search);
    const kept = {};
    const setsWindow = "since" in params || "from" in params || "to" in params;
    for (const name of COMMON) {
      if (!(setsWindow && ["since", "from", "to"].includes(name))) kept[name] = now2.get(name);
    }
    return link(page, { ...kept, ...params });
  }
  function link(page, params) {
    const text = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
      if (value !== null && value !== void 0 && value !== "" && value !== false) text.set(name, String(value));
    }
    const query = text.toString();
    return `./${page}${query === "" ? "" : `?${query}`}`;
  }
  function go(to, how = "push") {
    if (how === "push") Later.finish();
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    dispatchEvent(new Event("coral:address"));
  }
  function amend(params, how = "push") {
    if (how === "push") Later.finish();
    const { page, params: now2 } = read();
    const to = link(page ?? "", { ...Object.fromEntries(now2), ...params });
    if (to !== link(page ?? "", Object.fromEntries(now2))) go(to, how);
  }
  var waiting = /* @__PURE__ */ new Set();
  var Later = class {
    #timer;
    #change = () => {
    };
    set(change2, quietMs) {
      this.drop();
      this.#change = change2;
      this.#timer = setTimeout(() => this.#make(), quietMs);
      waiting.add(this);
    }
    drop() {
      clearTimeout(this.#timer);
      waiting.delete(this);
    }
    #make() {
      this.drop();
      this.#change();
    }
    static finish() {
      for (const later of [...waiting]) later.#make();
    }
    static dropAll() {
      for (const later of [...waiting]) later.drop();
    }
  };
  function useLater() {
    const [later] = d2(() => new Later());
    A2(() => () => later.drop(), []);
    return later;
  }
  function useAddress() {
    const [address, set] = d2(read);
    A2(() => {
      const changed = () => set(read());
      const moved = () => {
        Later.dropAll();
        changed();
      };
      addEventListener("popstate", moved);
      addEventListener("coral:address", changed);
      return () => {
        removeEventListener("popstate", moved);
        removeEventListener("coral:address", changed);
      };
    }, []);
    return address;
  }
  function followLinks() {
    addEventListener("click", (event) => {
      if (event.defaultPrevented || event.button !== 0) return;
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const anchor = event.target?.closest?.("a[href^='./']");
      const to = anchor?.getAttribute("href");
      if (!anchor || to === null || to === void 0 || anchor.hasAttribute("download")) return;
      event.preventDefault();
      const isOtherPage = to.split("?")[0] !== `./${read().page ?? ""}`;
      go(to);
      if (isOtherPage) scrollTo(0, 0);
    });
  }

  // src/format/visible.ts
  var HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
  function hidesCharacters(text) {
    return text.search(HIDDEN) >= 0;
  }
  function isHidden(character) {
    return hidesCharacters(character);
  }
  function visible(text) {
    return text.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  }
  var WORDS = ["title", "aria-label", "aria-description", "alt", "placeholder"];
  function showEverything() {
    const before2 = n.vnode;
    n.vnode = (vnode) => {
      const props = vnode.props;
      if (vnode.type === null && typeof props === "string") {
        vnode.props = visible(props);
      } else if (typeof vnode.type === "string" && props !== null && typeof props === "object") {
        const words3 = props;
        for (const word2 of WORDS) {
          const text = words3[word2];
          if (typeof text === "string") words3[word2] = visible(text);
        }
      }
      before2?.(vnode);
    };
  }

  // src/format/time.ts
  var ZoneContext = U("utc");
  function useTimes() {
    return TIMES[j2(ZoneContext)];
  }
  function times(zone) {
    const timeZone = zone === "utc" ? "UTC" : void 0;
    const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...timeZone ? { timeZone } : {} });
    const minute = format({ hour: "2-digit", minute: "2-digit" });
    const second = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const day = format({ day: "numeric", month: "short" });
    const dayOfYear = format({ day: "numeric", month: "short", year: "numeric" });
    const name = format({ timeZoneName: "short" }).formatToParts(/* @__PURE__ */ new Date());
    const zoneName = name.find((part3) => part3.type === "timeZoneName")?.value ?? "UTC";
    const millis = (us) => Math.floor(us % 1e6 / 1e3).toString().padStart(3, "0");
    const precise = (us) => `${second.format(us / 1e3)}.${millis(us)}`;
    return {
      minute: (us) => minute.format(us / 1e3),
      precise,
      full: (us) => `${dayOfYear.format(us / 1e3)}, ${precise(us)} ${zoneName}`,
      short: (us) => day.format(us / 1e3) === day.format(Date.now()) ? minute.format(us / 1e3) : `${day.format(us / 1e3)}, ${minute.format(us / 1e3)}`
    };
  }
  var TIMES = { utc: times("utc"), local: times("local") };
  function ago(us, nowMs = Date.now()) {
    const seconds = Math.max(0, Math.round(nowMs / 1e3 - us / 1e6));
    if (seconds < 1) return "now";
    if (seconds < 60) return `${seconds} s ago`;
    if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
    if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
    return `${Math.round(seconds / 86400)} d ago`;
  }
  function rfc3339(us) {
    return new Date(us / 1e3).toISOString();
  }

  // src/window.ts
  var LENGTHS = [
    { since: "5m", label: "last 5 min" },
    { since: "15m", label: "last 15 min" },
    { since: "1h", label: "last hour" },
    { since: "3h", label: "last 3 hours" },
    { since: "6h", label: "last 6 hours" },
    { since: "1d", label: "last day" },
    { since: "3d", label: "last 3 days" },
    { since: "7d", label: "last 7 days" }
  ];
  var DEFAULT = "15m";
  function windowOf({ params }) {
    const from = params.get("from");
    const to = params.get("to");
    if (from !== null) {
      const until = to ?? "now";
      const flags = [["--since", from], to !== null && ["--until", to]];
      return {
        ask: { since: from, until },
        label: `${readable(from)} – ${to === null ? "now" : readable(to)}`,
        isRelative: false,
        isDefault: false,
        flags,
        explicitFlags: flags
      };
    }
    const since = params.get("since") ?? DEFAULT;
    const known = LENGTHS.find((length) => length.since === since);
    const isDefault = !params.has("since");
    return {
      ask: { since, until: "now" },
      label: known?.label ?? `since ${since}`,
      isRelative: true,
      isDefault,
      flags: isDefault ? [] : [["--since", since]],
      explicitFlags: [["--since", since]]
    };
  }
  function lengthMs(text) {
    const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
    const unit = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }[match?.[2] ?? ""];
    return match && unit ? Number(match[1]) * unit : null;
  }
  function bounds(window) {
    const until = window.ask.until === "now" ? Date.now() : Date.parse(window.ask.until);
    const length = lengthMs(window.ask.since);
    const since = length === null ? Date.parse(window.ask.since) : until - length;
    return Number.isNaN(since) || Number.isNaN(until) ? null : { since: since * 1e3, until: until * 1e3 };
  }
  function pinned(window) {
    const range = bounds(window);
    return range && { since: null, from: rfc3339(range.since), to: rfc3339(range.until) };
  }
  function shift(window, windows) {
    const range = bounds(window);
    if (range === null) return;
    const by = (range.until - range.since) * windows;
    const until = Math.min(range.until + by, Date.now() * 1e3);
    amend({ since: null, from: rfc3339(until - (range.until - range.since)), to: rfc3339(until) });
  }
  function written(text, zone, now2 = /* @__PURE__ */ new Date()) {
    const match = /^(?:(\d{4})-(\d\d)-(\d\d)[T ])?(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text.trim());
    if (!match) return text.trim();
    const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1).map((part3) => part3 === void 0 ? void 0 : Number(part3));
    const isUtc = zone === "utc";
    const at = (daysBefore) => {
      const date = year !== void 0 && month !== void 0 && day !== void 0 ? [year, month - 1, day] : isUtc ? [now2.getUTCFullYear(), now2.getUTCMonth(), now2.getUTCDate() - daysBefore] : [now2.getFullYear(), now2.getMonth(), now2.getDate() - daysBefore];
      return isUtc ? Date.UTC(...date, hour, minute, second) : new Date(...date, hour, minute, second).getTime();
    };
    const today = at(0);
    const ms = year === void 0 && today > now2.getTime() ? at(1) : today;
    return Number.isNaN(ms) ? text.trim() : rfc3339(ms * 1e3);
  }
  function readable(time2) {
    return time2.replace("T", " ").replace(/(:\d\d)(\.\d+)?Z$/, "$1 UTC");
  }

  // node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs
  var f3 = /* @__PURE__ */ Symbol.for("pv");
  var o3 = 0;
  function a3(t3, e3, n2, u3, a4, i3) {
    e3 || (e3 = {});
    var c3, l3, p3 = e3;
    if ("ref" in p3 && "function" != typeof t3) for (l3 in p3 = {}, e3) "ref" == l3 ? c3 = e3[l3] : p3[l3] = e3[l3];
    var s3 = { type: t3, props: p3, key: n2, ref: c3, __k: null, __: null, __b: 0, __e: null, __c: null, constructor: f3, __v: --o3, __i: -1, __u: 0 };
    return (a4 || i3) && (s3.__source = a4, s3.__self = i3), n.vnode && n.vnode(s3), s3;
  }

  // src/frame/announce.tsx
  var say = () => {
  };
  function announce(text) {
    say(text);
  }
  function Announcements() {
    const [text, set] = d2("");
    A2(() => {
      say = set;
      return () => {
        say = () => {
        };
      };
    }, []);
    return /* @__PURE__ */ a3("div", { class: "unseen", role: "status", "aria-live": "polite", children: text });
  }

  // src/frame/copy.ts
  async function copy(text, what) {
    const done = await navigator.clipboard?.writeText(text).then(() => true, () => false);
    const copied = done ?? copySelection(text);
    announce(copied ? `${what} copied` : `${what} could not be copied`);
    return copied;
  }
  function copySelection(text) {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }

  // src/frame/stored.ts
  function stored(name) {
    try {
      return localStorage.getItem(`coral.${name}`);
    } catch {
      return null;
    }
  }
  function store(name, value) {
    try {
      if (value === null) localStorage.removeItem(`coral.${name}`);
      else localStorage.setItem(`coral.${name}`, value);
    } catch {
    }
  }

  // src/frame/keys.ts
  var SEQUENCE_MS = 1200;
  var layers = [];
  var first = null;
  function keysNow() {
    return layers;
  }
  function singleKeysAreOn() {
    return stored("keys") !== "off";
  }
  function switchSingleKeys(on) {
    store("keys", on ? null : "off");
  }
  function useKeys(title, keys) {
    F2(() => {
      const layer = { title, keys };
      layers.push(layer);
      return () => {
        layers.splice(layers.indexOf(layer), 1);
      };
    });
  }
  function isTyping(target) {
    if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit"].includes(target.type);
    return target instanceof HTMLElement && (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName));
  }
  function find(keys) {
    for (const layer of layers.toReversed()) {
      const key = layer.keys.find((key2) => key2.keys === keys);
      if (key) return key;
    }
    return void 0;
  }
  function listenToKeys() {
    addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") !== null) return;
      if (event.key !== "Escape" && isTyping(event.target)) return;
      const isOnControl = event.target instanceof HTMLElement && event.target.closest("button, a[href], summary") !== null;
      if (isOnControl && (event.key === "Enter" || event.key === " ")) return;
      if (event.key.length === 1 && !singleKeysAreOn()) return;
      const sequence = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : null;
      const key = sequence && find(sequence) || find(event.key);
      const begins = layers.some((layer) => layer.keys.some((key2) => key2.keys.startsWith(`${event.key} `)));
      first = begins && key === void 0 ? { key: event.key, at: Date.now() } : null;
      if (!key) return;
      event.preventDefault();
      key.run(event);
    });
  }

  // src/frame/help.tsx
  function Help(props) {
    const dialog = T2(null);
    const [on, setOn] = d2(singleKeysAreOn);
    const [layers2] = d2(() => keysNow().map((layer) => ({ ...layer, keys: [...layer.keys] })));
    A2(() => dialog.current?.showModal(), []);
    return /* @__PURE__ */ a3("dialog", { ref: dialog, class: "help", "aria-labelledby": "help-title", onClose: props.close, onClick: (event) => event.target === dialog.current && props.close(), children: [
      /* @__PURE__ */ a3("div", { class: "help-head", children: [
        /* @__PURE__ */ a3("h2", { id: "help-title", children: "Keys" }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: props.close, children: "Close" })
      ] }),
      layers2.toReversed().map((layer) => /* @__PURE__ */ a3("section", { children: [
        /* @__PURE__ */ a3("h3", { children: layer.title }),
        /* @__PURE__ */ a3("dl", { children: layer.keys.map((key) => /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: key.keys.split(" ").map((part3, at) => /* @__PURE__ */ a3("kbd", { children: NAMES[part3] ?? part3 }, at)) }),
          /* @__PURE__ */ a3("dd", { children: key.does })
        ] }, key.keys)) })
      ] }, layer.title)),
      /* @__PURE__ */ a3("label", { class: "check", children: [
        /* @__PURE__ */ a3("input", { type: "checkbox", checked: on, onChange: () => {
          switchSingleKeys(!on);
          setOn(!on);
        } }),
        "Single keys do something"
      ] }),
      /* @__PURE__ */ a3("h3", { children: "Search" }),
      /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("code", { children: "service:payments status:error duration>500ms http.route=/charge name~charge -service:health" }) }),
      /* @__PURE__ */ a3("p", { class: "soft", children: [
        "An id, or the beginning of one, opens the trace. A question such as ",
        /* @__PURE__ */ a3("q", { children: "why is payments slow?" }),
        " is answered in words."
      ] })
    ] });
  }
  var NAMES = {
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    " ": "Space",
    Escape: "Esc"
  };

  // src/ask.ts
  var AskError = class extends Error {
    /** The status code; 0 when the colony could not be reached. */
    status;
    /** The next step for the person who asked. */
    hint;
    /** What was asked: a relative URL. */
    url;
    constructor(status, error, hint, url) {
      super(error);
      this.status = status;
      this.hint = hint;
      this.url = url;
    }
  };
  var MAX_IN_FLIGHT = 2;
  var inFlight = 0;
  var waiting2 = [];
  function urlOf(question2, ask2) {
    let path3 = question2;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(ask2)) {
      if (value === void 0 || value === null || value === "" || value === false) continue;
      if (path3.includes(`{${name}}`)) path3 = path3.replace(`{${name}}`, segment(String(value)));
      else query.set(name, String(value));
    }
    const text = query.toString();
    return `../api/v1/${path3}${text === "" ? "" : `?${text}`}`;
  }
  function segment(text) {
    return /^\.{1,2}$/.test(text) ? "none" : encodeURIComponent(text);
  }
  async function ask(question2, params, signal) {
    return await askUrl(urlOf(question2, params), { signal });
  }
  async function askUrl(url, init) {
    return await request(url, init, async (response) => {
      const text = await response.text();
      return text === "" ? null : JSON.parse(text);
    });
  }
  async function request(url, init, read2) {
    await turn(init.signal);
    try {
      const response = await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } }).catch((error2) => {
        if (init.signal.aborted) throw error2;
        throw new AskError(0, "the colony cannot be reached", "this page asks again by itself", url);
      });
      if (response.ok) return await read2(response);
      const { error, hint } = readError(await response.text());
      if (response.status === 401) dispatchEvent(new Event("coral:signed-out"));
      throw new AskError(response.status, error ?? `the colony answered with status ${response.status}`, hint, url);
    } finally {
      const next = waiting2.shift();
      if (next) next();
      else inFlight -= 1;
    }
  }
  function readError(text) {
    try {
      const { error, hint } = JSON.parse(text);
      return { error: error ?? null, hint: hint ?? null };
    } catch {
      return { error: null, hint: null };
    }
  }
  async function turn(signal) {
    signal.throwIfAborted();
    if (inFlight < MAX_IN_FLIGHT) {
      inFlight += 1;
      return;
    }
    await new Promise((resolve, reject) => {
      waiting2.push(resolve);
      signal.addEventListener("abort", () => {
        const place = waiting2.indexOf(resolve);
        if (place < 0) return;
        waiting2.splice(place, 1);
        reject(signal.reason);
      });
    });
  }

  // src/format/count.ts
  var GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  function count(number) {
    return GROUPED.format(number);
  }
  function counted(number, one, many = `${one}s`) {
    return `${count(number)} ${number === 1 ? one : many}`;
  }
  function percent(part3) {
    const value = part3 * 100;
    return `${fixed(value, value > 0 && value < 10 ? 1 : 0)}%`;
  }
  function rate(rate2) {
    const value = rate2 * 100;
    if (value === 0) return "0%";
    if (value < 0.01) return "<0.01%";
    if (value < 1) return `${fixed(value, 2)}%`;
    return value < 100 ? `${fixed(value, 1)}%` : "100%";
  }
  function perSecond(rate2) {
    if (rate2 <= 0) return "0";
    if (rate2 >= 10) return count(Math.round(rate2));
    return fixed(rate2, Math.min(9, Math.max(1, 1 - Math.floor(Math.log10(rate2)))));
  }
  function fixed(value, digits) {
    const text = value.toFixed(digits);
    const isMiddle = /^50*$/.test(value.toFixed(60).slice(digits - 60));
    return isMiddle && Number(text.at(-1)) % 2 === 1 ? (Number(text) - 10 ** -digits).toFixed(digits) : text;
  }
  function bytes(number) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = number;
    let unit = 0;
    while (value >= 1e3 && unit < units.length - 1) {
      value /= 1e3;
      unit += 1;
    }
    return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
  }

  // src/search.ts
  var SIGNS = [":>=", ":<=", ":>", ":<", ">=", "<=", "!=", "!~", "=~", "==", ">", "<", "~", "=", ":"];
  var KEY_END = /[\s<>!~=:()"]/;
  function conditionsOf(search2) {
    const words3 = topmost(search2);
    const isOr = (word2) => word2.text === "OR";
    if (words3.some(isOr)) {
      const conditions = [];
      let first2 = null;
      let last = null;
      const end = () => {
        if (first2 && last) conditions.push({ text: search2.slice(first2.from, last.to), from: first2.from, to: last.to });
        first2 = last = null;
      };
      for (const word2 of words3) {
        if (isOr(word2)) end();
        else {
          first2 ??= word2;
          last = word2;
        }
      }
      end();
      return { any: true, conditions };
    }
    return { any: false, conditions: words3.filter((word2) => word2.text !== "AND") };
  }
  function without(search2, { any, conditions }, removed) {
    return conditions.filter((condition) => condition !== removed).map((condition) => search2.slice(condition.from, condition.to)).join(any ? " OR " : " ");
  }
  function and(search2, condition) {
    const { any, conditions } = conditionsOf(search2);
    if (!any && conditions.some((one) => one.text === condition)) return search2;
    return [group(search2), condition].filter((part3) => part3 !== "").join(" ");
  }
  function group(search2) {
    return conditionsOf(search2).any ? `(${search2.trim()})` : search2.trim();
  }
  function equals(key, value) {
    return `${quotedKey(key)}${isField(key) ? ":" : "="}${quoted(value)}`;
  }
  function quoted(value) {
    return value === "" || /[\s"()*]/.test(value) || /^[<>=~:]/.test(value) ? `"${value.replace(/[\\"]/g, "\\$&")}"` : value;
  }
  function quotedKey(key) {
    return key === "" || KEY_END.test(key) || key.startsWith("-") ? `"${key.replace(/[\\"]/g, "\\$&")}"` : key;
  }
  var FIELDS = /* @__PURE__ */ new Set(["service", "name", "status", "kind", "collector", "duration", "code", "message", "scope", "event", "trace.id", "trace.duration", "trace.spans", "trace.errors", "root.service", "root.name"]);
  function isField(key) {
    return FIELDS.has(key);
  }
  function partsOf(condition) {
    const negation = /^(?:-|NOT\s+)\s*/.exec(condition)?.[0] ?? "";
    const rest = condition.slice(negation.length);
    const isNegated = negation !== "";
    const keyEnd = rest.startsWith('"') ? quoteEnd(rest, 0) : wordEnd(rest, 0, KEY_END);
    const spaces = /^\s*/.exec(rest.slice(keyEnd))?.[0].length ?? 0;
    const sign = SIGNS.find((sign2) => rest.startsWith(sign2, keyEnd + spaces));
    if (sign === void 0 || keyEnd === 0) return { isNegated, key: "", sign: "", value: rest };
    return { isNegated, key: unquoted(rest.slice(0, keyEnd)), sign, value: unquoted(rest.slice(keyEnd + spaces + sign.length).trim()) };
  }
  var WORDS2 = {
    "=": "is",
    "==": "is",
    ":": "is",
    "!=": "is not",
    "~": "contains",
    "=~": "contains",
    "!~": "does not contain",
    ">": "over",
    ":>": "over",
    ">=": "at least",
    ":>=": "at least",
    "<": "under",
    ":<": "under",
    "<=": "at most",
    ":<=": "at most"
  };
  function words(condition) {
    const { isNegated, key, sign, value } = partsOf(condition);
    if (key === "") return `${isNegated ? "not " : ""}${value}`;
    if (value === "*" && WORDS2[sign] === "is") return isNegated ? `no span has ${key}` : `has ${key}`;
    const said = `${key} ${WORDS2[sign] ?? sign} ${value !== "" ? value : condition.endsWith('""') ? "empty" : "…"}`;
    return isNegated ? `no span: ${said}` : said;
  }
  function unquoted(text) {
    return text.startsWith('"') ? text.replace(/^"|(?<!\\)"$/g, "").replace(/\\(["\\])/g, "$1") : text;
  }
  function topmost(search2) {
    const found = [];
    let at = 0;
    while (at < search2.length) {
      if (/\s/.test(search2[at] ?? "")) {
        at += 1;
        continue;
      }
      const from = at;
      for (; ; ) {
        const negation = /^(?:-\s*|NOT\s+)/.exec(search2.slice(at))?.[0];
        if (negation === void 0) break;
        at += negation.length;
      }
      at = search2[at] === "(" ? groupEnd(search2, at) : conditionEnd(search2, at);
      if (at === from) at += 1;
      found.push({ text: search2.slice(from, at), from, to: at });
    }
    return found;
  }
  function conditionEnd(text, from) {
    let at = text[from] === '"' ? quoteEnd(text, from) : wordEnd(text, from, KEY_END);
    const spaces = /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    const sign = SIGNS.find((sign2) => text.startsWith(sign2, at + spaces));
    if (sign === void 0 || spaces > 0 && !/^\s/.test(text.slice(at + spaces + sign.length))) return at;
    at += spaces + sign.length;
    if (spaces > 0) at += /^\s*/.exec(text.slice(at))?.[0].length ?? 0;
    if (text[at] === '"') return quoteEnd(text, at);
    for (let open = 0; at < text.length && !/\s/.test(text[at] ?? ""); at += 1) {
      if (text[at] === "(") open += 1;
      else if (text[at] === ")") {
        if (open === 0) break;
        open -= 1;
      }
    }
    return at;
  }
  function groupEnd(text, from) {
    let open = 0;
    for (let at = from; at < text.length; at += 1) {
      if (text[at] === '"') at = quoteEnd(text, at) - 1;
      else if (text[at] === "(") open += 1;
      else if (text[at] === ")") {
        open -= 1;
        if (open === 0) return at + 1;
      }
    }
    return text.length;
  }
  function quoteEnd(text, from) {
    for (let at = from + 1; at < text.length; at += 1) {
      if (text[at] === "\\") at += 1;
      else if (text[at] === '"') return at + 1;
    }
    return text.length;
  }
  function wordEnd(text, from, end) {
    let at = from;
    while (at < text.length && !end.test(text[at] ?? "")) at += 1;
    return at;
  }

  // src/frame/completion-at.ts
  function placeAt(text, at) {
    let from = 0;
    let isQuoted = false;
    for (let i3 = 0; i3 < at; i3 += 1) {
      const character = text[i3] ?? "";
      if (character === "\\" && isQuoted) i3 += 1;
      else if (character === '"') isQuoted = !isQuoted;
      else if (!isQuoted && /[\s(]/.test(character)) from = i3 + 1;
    }
    let to = at;
    while (to < text.length && !/[\s)]/.test(text[to] ?? "")) to += 1;
    if (text[from] === "-") from += 1;
    const written3 = text.slice(from, at);
    const { key, sign, value } = partsOf(written3);
    const rest = `${text.slice(0, from).replace(/-$/, "").trimEnd()} ${text.slice(to).trimStart()}`.trim();
    const others = isComplete(rest) ? rest : "";
    if (key === "") return /^"/.test(written3) ? null : { from, to, key: null, prefix: written3, others };
    if (/[<>~]/.test(sign)) return null;
    const valueFrom = from + written3.length - rawValue(written3, sign).length;
    return { from: valueFrom, to, key, prefix: value.replace(/^"/, ""), others };
  }
  function isComplete(search2) {
    const { any, conditions } = conditionsOf(search2);
    return !any && conditions.every(({ text }) => {
      const { key, value } = partsOf(text);
      return key !== "" && value !== "" && !/[()]/.test(text);
    });
  }
  function rawValue(written3, sign) {
    const keyEnd = written3.startsWith('"') ? written3.indexOf('"', 1) + 1 : 0;
    return written3.slice(written3.indexOf(sign, keyEnd) + sign.length);
  }
  function withValue(text, place, value) {
    return replaced(text, place, `${quoted(value)} `);
  }
  function withKey(text, place, key) {
    const sign = key === "duration" || key === "trace.duration" ? ">" : isField(key) ? ":" : "=";
    return replaced(text, place, `${equals(key, "x").slice(0, -2)}${sign}`);
  }
  function withCondition(text, place, key, value) {
    return replaced(text, place, `${equals(key, value)} `);
  }
  function replaced(text, place, by) {
    const after = text.slice(place.to);
    const rest = by.endsWith(" ") ? after.replace(/^ /, "") : after;
    return { text: `${text.slice(0, place.from)}${by}${rest}`, at: place.from + by.length };
  }

  // src/frame/completions.tsx
  var PAUSE_MS = 120;
  var MOST = 10;
  var NAMES2 = ["service", "name"];
  var FIELDS2 = [
    { key: "service", note: "the service of a span" },
    { key: "status", note: "error, ok or unset" },
    { key: "duration", note: "how long a span took" },
    { key: "name", note: "the operation of a span" },
    { key: "code", note: "HTTP or gRPC status" },
    { key: "kind", note: "server, client, internal …" },
    { key: "root.service", note: "where the trace begins" },
    { key: "root.name", note: "how the trace begins" },
    { key: "trace.duration", note: "how long the trace took" },
    { key: "trace.errors", note: "failed spans of the trace" },
    { key: "trace.spans", note: "spans of the trace" },
    { key: "message", note: "what a failed span says" }
  ];
  function useCompletions(text, at) {
    const [found, setFound] = d2([]);
    const [closedAt, setClosedAt] = d2(null);
    const [active, setActive] = d2(-1);
    const place = w2(() => at === null ? null : placeAt(text, at), [text, at]);
    A2(() => {
      setActive(-1);
      if (place === null || place.key === null && place.prefix === "") return;
      const controller = new AbortController();
      const range = windowOf(read()).ask;
      const keys = place.key !== null ? [place.key] : place.prefix.length < 2 ? [null] : [null, ...NAMES2];
      const timer = setTimeout(() => {
        for (const key of keys) {
          ask("attributes", { q: place.others, key: key ?? void 0, prefix: place.prefix, ...range, limit: MOST }, controller.signal).then(
            ({ items: items2 }) => setFound((found2) => [...found2.filter((one) => one.key !== key), { key, items: items2 }]),
            () => {
            }
          );
        }
      }, PAUSE_MS);
      return () => {
        clearTimeout(timer);
        controller.abort();
      };
    }, [place?.key, place?.prefix, place?.others]);
    const items = w2(() => place === null ? [] : offered(text, place, found), [text, place, found]);
    const isOpen = items.length > 0 && closedAt !== text;
    A2(() => {
      if (isOpen) announce(counted(items.length, "suggestion"));
    }, [isOpen, items.length]);
    const close = () => setClosedAt(text);
    const keydown = (event) => {
      if (!isOpen) return null;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        setActive((active2) => (active2 + 1 + step + items.length + 1) % (items.length + 1) - 1);
        return null;
      }
      if (event.key === "Escape") {
        event.preventDefault();
        close();
        return null;
      }
      const takesFirst = event.key === "Tab" && !event.shiftKey && active < 0 && place !== null && place.prefix !== "";
      if ((event.key === "Enter" || event.key === "Tab" && !event.shiftKey) && (active >= 0 || takesFirst)) {
        event.preventDefault();
        return items[Math.max(0, active)] ?? null;
      }
      return null;
    };
    return { items, isOpen, active: isOpen && active >= 0 ? `completion-${active}` : void 0, keydown, close };
  }
  function offered(text, place, found) {
    const begins = (value) => value.toLowerCase().startsWith(place.prefix.toLowerCase());
    const spans = (number) => counted(number, "span");
    const of = (key) => found.find((one) => one.key === key)?.items.filter((item) => begins(item.text)) ?? [];
    if (place.key !== null) {
      const key = place.key;
      return of(key).filter((item) => item.text !== place.prefix).slice(0, MOST).map((item) => ({ ...withValue(text, place, item.text), label: item.text, note: spans(item.spans) }));
    }
    if (place.prefix === "") return [];
    const fields = FIELDS2.filter((field) => begins(field.key));
    const keys = of(null).filter((item) => !FIELDS2.some((field) => field.key === item.text));
    return [
      ...fields.map((field) => ({ ...withKey(text, place, field.key), label: field.key, note: field.note })),
      ...NAMES2.flatMap((key) => of(key).slice(0, 4).map((item) => ({ ...withCondition(text, place, key, item.text), label: `${key}: ${item.text}`, note: spans(item.spans) }))),
      ...keys.map((item) => ({ ...withKey(text, place, item.text), label: item.text, note: spans(item.spans) }))
    ].slice(0, MOST);
  }
  function Completions(props) {
    const { of, choose } = props;
    A2(() => {
      if (of.active) document.getElementById(of.active)?.scrollIntoView({ block: "nearest" });
    }, [of.active]);
    if (!of.isOpen) return null;
    return /* @__PURE__ */ a3("ul", { id: "completions", class: "completions", role: "listbox", "aria-label": "Suggestions", children: of.items.map((item, at) => (
      // The box keeps the focus, so a press must not take it.
      /* @__PURE__ */ a3("li", { id: `completion-${at}`, role: "option", "aria-selected": of.active === `completion-${at}`, onPointerDown: (event) => event.preventDefault(), onClick: () => choose(item), children: [
        /* @__PURE__ */ a3("span", { class: "completion-label", children: item.label }),
        /* @__PURE__ */ a3("span", { class: "soft small", children: item.note })
      ] }, item.label)
    )) });
  }

  // src/frame/omnibox.tsx
  function Omnibox(props) {
    const { page, params } = props.address;
    const fromUrl = page === "traces" || page === "ask" ? params.get("q") ?? "" : "";
    const [text, setText] = d2(fromUrl);
    const [at, setAt] = d2(null);
    const input = T2(null);
    A2(() => setText(fromUrl), [fromUrl, page]);
    useKeys("Everywhere", [{ keys: "/", does: "search, paste an id, or ask", run: () => input.current?.select() }]);
    const completions = useCompletions(text, isId(text.trim()) || isQuestion(text.trim()) ? null : at);
    const caret = T2(null);
    F2(() => {
      if (caret.current !== null) input.current?.setSelectionRange(caret.current, caret.current);
      caret.current = null;
    });
    const choose = (chosen) => {
      setText(chosen.text);
      setAt(chosen.at);
      caret.current = chosen.at;
      input.current?.focus();
    };
    const submit = (event) => {
      event.preventDefault();
      completions.close();
      input.current?.blur();
      go(destination(text.trim()));
    };
    const keydown = (event) => {
      const chosen = completions.keydown(event);
      if (chosen !== null) choose(chosen);
      else if (event.key === "Escape" && !event.defaultPrevented) {
        input.current?.blur();
      }
    };
    return /* @__PURE__ */ a3("form", { class: "omnibox", role: "search", onSubmit: submit, children: [
      /* @__PURE__ */ a3(
        "input",
        {
          ref: input,
          type: "text",
          value: text,
          "aria-label": "Search, paste a trace id, or ask",
          placeholder: "Search, paste an id, or ask: why is payments slow?",
          autocomplete: "off",
          autocapitalize: "off",
          spellcheck: false,
          role: "combobox",
          "aria-expanded": completions.isOpen,
          "aria-controls": "completions",
          "aria-autocomplete": "list",
          "aria-activedescendant": completions.active,
          onInput: (event) => {
            setText(event.currentTarget.value);
            setAt(event.currentTarget.selectionStart);
          },
          onKeyDown: keydown,
          onBlur: () => setAt(null)
        }
      ),
      /* @__PURE__ */ a3(Completions, { of: completions, choose }),
      /* @__PURE__ */ a3("kbd", { class: "omnibox-key", "aria-hidden": "true", children: "/" })
    ] });
  }
  function destination(text) {
    if (isId(text)) return href("trace", { id: text.toLowerCase() });
    if (isQuestion(text)) return href("ask", { q: text });
    return href("traces", { q: text });
  }
  function isId(text) {
    return /^[0-9a-f]{4,32}$/i.test(text) && /\d/.test(text);
  }
  function isQuestion(text) {
    return /\?\s*$/.test(text) || /^(why|what|which|who|how|is|are|show|list|did|does|when|where|any)\s/i.test(text) && !/[:=<>~]/.test(text);
  }

  // src/frame/session.ts
  var OWN = { "x-coral-csrf": "1" };
  function useVisitor() {
    const [visitor, set] = d2(null);
    A2(() => {
      const ask2 = () => void visitorNow().then(set);
      const signedOut = () => set("signed-out");
      ask2();
      addEventListener("coral:signed-out", signedOut);
      addEventListener("coral:signed-in", ask2);
      return () => {
        removeEventListener("coral:signed-out", signedOut);
        removeEventListener("coral:signed-in", ask2);
      };
    }, []);
    return visitor;
  }
  var VisitorContext = U(null);
  function personOf(visitor) {
    return typeof visitor === "string" ? null : visitor;
  }
  async function visitorNow() {
    try {
      const methods = await fetch("../auth/methods");
      if (methods.ok && !(await methods.json()).signed_in) return "signed-out";
      const response = await fetch("../api/v1/whoami", { headers: { accept: "application/json" } });
      if (response.ok) return await response.json();
      return response.status === 401 ? "signed-out" : "unknown";
    } catch {
      return "unknown";
    }
  }
  var tabs = new BroadcastChannel("coral.session");
  async function signOut() {
    const answer = await fetch("../auth/logout", { method: "POST", headers: OWN }).catch(() => null);
    if (answer === null || !(answer.ok || answer.status === 401)) return false;
    tabs.postMessage("signed out");
    dispatchEvent(new Event("coral:signed-out"));
    return true;
  }
  function watchSession() {
    tabs.onmessage = () => dispatchEvent(new Event("coral:signed-out"));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }

  // src/frame/theme.ts
  function theme() {
    const forced = document.documentElement.dataset["theme"];
    return forced === "dark" || forced === "light" ? forced : "system";
  }
  function setTheme(theme2) {
    store("theme", theme2 === "system" ? null : theme2);
    if (theme2 === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme2;
    dispatchEvent(new Event("coral:theme"));
  }

  // src/frame/time-picker.tsx
  function TimePicker(props) {
    const { window } = props;
    const zone = j2(ZoneContext);
    const details = T2(null);
    const close = () => {
      if (details.current) details.current.open = false;
    };
    useKeys("Everywhere", [{
      keys: "t",
      does: "choose the time window",
      run: () => {
        if (!details.current) return;
        details.current.open = true;
        details.current.querySelector("button, input")?.focus();
      }
    }]);
    const choose = (since) => {
      amend({ since, from: null, to: null });
      close();
    };
    const submit = (event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      const time2 = (name) => written(String(form.get(name) ?? ""), zone);
      amend({ since: null, from: time2("from"), to: time2("to") });
      close();
    };
    const leave = (event) => {
      if (event.relatedTarget instanceof Node && !details.current?.contains(event.relatedTarget)) close();
    };
    return /* @__PURE__ */ a3("details", { ref: details, class: "menu", onFocusOut: leave, onKeyDown: (event) => event.key === "Escape" && close(), children: [
      /* @__PURE__ */ a3("summary", { class: "button", title: window.label, children: window.label }),
      /* @__PURE__ */ a3("div", { class: "menu-body", children: [
        /* @__PURE__ */ a3("ul", { children: LENGTHS.map((length) => /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("button", { type: "button", class: "menu-item", "aria-pressed": window.isRelative && window.ask.since === length.since, onClick: () => choose(length.since), children: length.label }) }, length.since)) }),
        /* @__PURE__ */ a3("form", { onSubmit: submit, children: [
          /* @__PURE__ */ a3("label", { children: [
            "From ",
            /* @__PURE__ */ a3("input", { name: "from", required: true, placeholder: "02:40, 2026-11-25T14:02:00Z", defaultValue: window.isRelative ? "" : window.ask.since })
          ] }),
          /* @__PURE__ */ a3("label", { children: [
            "To ",
            /* @__PURE__ */ a3("input", { name: "to", placeholder: "now", defaultValue: window.isRelative || window.ask.until === "now" ? "" : window.ask.until })
          ] }),
          /* @__PURE__ */ a3("button", { type: "submit", children: "Use these times" })
        ] })
      ] })
    ] });
  }

  // src/frame/frame.tsx
  var LINKS = [
    { page: "", title: "Home" },
    { page: "traces", title: "Traces" },
    { page: "map", title: "Map" },
    { page: "why", title: "Why" },
    { page: "sql", title: "SQL", needs: "sql.read" },
    { page: "status", title: "Status", needs: "status.read" }
  ];
  function Frame(props) {
    const { address, window, zone } = props;
    const [isHelp, setHelp] = d2(false);
    const [isStillIn, setStillIn] = d2(false);
    const [shown2, setShown] = d2(theme);
    const turnTheme = () => {
      const next = shown2 === "system" ? "dark" : shown2 === "dark" ? "light" : "system";
      setTheme(next);
      setShown(next);
      announce(`Theme: ${next}`);
    };
    const turnZone = () => amend({ tz: zone === "utc" ? "local" : null }, "replace");
    const copyLink = () => {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(pinned(window) ?? {})) {
        if (value === null) query.delete(name);
        else query.set(name, value);
      }
      void copy(`${location.origin}${location.pathname}?${query}`, "Link");
    };
    const leave = async () => setStillIn(!await signOut());
    const open = (page) => () => {
      go(href(page));
      scrollTo(0, 0);
    };
    useKeys("Everywhere", [
      { keys: "g h", does: "Home", run: open("") },
      { keys: "g t", does: "Traces", run: open("traces") },
      { keys: "g m", does: "Map", run: open("map") },
      { keys: "g w", does: "Why", run: open("why") },
      { keys: "g s", does: "Status", run: open("status") },
      { keys: "[", does: "earlier window", run: () => shift(window, -1) },
      { keys: "]", does: "later window", run: () => shift(window, 1) },
      { keys: "r", does: "ask again, now", run: props.refresh },
      { keys: "y", does: "copy a link with fixed times", run: copyLink },
      { keys: "d", does: "dark, light or the system's theme", run: turnTheme },
      { keys: "?", does: "these keys", run: () => setHelp(true) }
    ]);
    A2(() => {
      document.documentElement.dataset["page"] = address.page ?? "none";
    }, [address.page]);
    const current = address.page === "trace" || address.page === "compare" ? "traces" : address.page === "service" ? "" : address.page;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("a", { class: "skip", href: "#content", children: "Skip to the content" }),
      /* @__PURE__ */ a3("header", { class: "top", children: [
        /* @__PURE__ */ a3("a", { class: "brand", href: href(""), "aria-label": "Coral, Home", children: [
          /* @__PURE__ */ a3("img", { src: "./icon.svg", alt: "", width: "22", height: "22" }),
          /* @__PURE__ */ a3("span", { class: "brand-name", children: "coral" })
        ] }),
        /* @__PURE__ */ a3("nav", { "aria-label": "Pages", children: LINKS.filter((link2) => !link2.needs || props.person === null || props.person.permissions.includes(link2.needs)).map((link2) => /* @__PURE__ */ a3("a", { href: href(link2.page), "aria-current": current === link2.page ? "page" : void 0, children: link2.title }, link2.page)) }),
        /* @__PURE__ */ a3(Omnibox, { address }),
        /* @__PURE__ */ a3("div", { class: "tools", children: [
          /* @__PURE__ */ a3(TimePicker, { window }),
          props.live !== null && /* @__PURE__ */ a3("button", { type: "button", class: "quiet live", "aria-pressed": props.live, onClick: () => props.setLive(props.live !== true), title: props.live ? "The page asks again by itself. Press to stop." : "Ask again by itself", children: "Live" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: turnZone, title: "Time zone", children: zone === "utc" ? "UTC" : "Local" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: copyLink, title: "Copy a link with fixed times", children: "Link" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: turnTheme, "aria-label": `Theme: ${shown2}`, title: `Theme: ${shown2}`, children: "◐" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: () => setHelp(true), "aria-label": "Keys and search", title: "Keys and search", children: "?" }),
          props.person?.has_session === true && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => void leave(), title: `Signed in as ${props.person.name}`, children: "Sign out" })
        ] })
      ] }),
      isStillIn && /* @__PURE__ */ a3("section", { class: "notice notice-bad limited", role: "alert", children: [
        "You are still signed in: the colony could not be reached. ",
        /* @__PURE__ */ a3("button", { type: "button", onClick: () => void leave(), children: "Sign out again" })
      ] }),
      props.person !== null && props.person.services.length > 0 && /* @__PURE__ */ a3("p", { class: "notice limited", role: "note", children: [
        "You see services ",
        props.person.services.join(", "),
        ". Others are left out, or shown as hidden."
      ] }),
      /* @__PURE__ */ a3("main", { id: "content", tabIndex: -1, children: props.children }),
      /* @__PURE__ */ a3(Announcements, {}),
      isHelp && /* @__PURE__ */ a3(Help, { close: () => setHelp(false) })
    ] });
  }

  // src/frame/refresh.ts
  var RefreshContext = U({ count: 0, byPerson: true });

  // src/remembered.ts
  var everything = [];
  var Remembered = class {
    #answers = /* @__PURE__ */ new Map();
    #most;
    constructor(most) {
      this.#most = most;
      everything.push(this);
    }
    get(asked2) {
      return this.#answers.get(asked2);
    }
    set(asked2, answer) {
      this.#answers.delete(asked2);
      this.#answers.set(asked2, answer);
      const oldest = this.#answers.keys().next().value;
      if (this.#answers.size > this.#most && oldest !== void 0) this.#answers.delete(oldest);
    }
    clear() {
      this.#answers.clear();
    }
  };
  function forgetAnswers() {
    for (const one of everything) one.clear();
  }

  // src/answer.tsx
  var remembered = new Remembered(12);
  var FIRST_RETRY_MS = 1e3;
  var LAST_RETRY_MS = 15e3;
  function useAnswer(question2, params) {
    const { count: refresh, byPerson } = j2(RefreshContext);
    const [attempt, setAttempt] = d2(0);
    const [state, setState] = d2({
      url: null,
      answer: null,
      answeredAt: null,
      error: null,
      askedAt: null
    });
    const abort = T2(null);
    const isUnderWay = T2(false);
    const isCancelled = T2(false);
    const refreshed = T2(refresh);
    const url = params === null ? null : urlOf(question2, params);
    A2(() => {
      if (url === null || params === null) {
        setState({ url: null, answer: null, answeredAt: null, error: null, askedAt: null });
        return;
      }
      const controller = new AbortController();
      abort.current = controller;
      isCancelled.current = false;
      let retry2;
      let delay = FIRST_RETRY_MS;
      const known = remembered.get(url);
      setState((last) => ({
        ...last,
        ...known && last.url !== url ? { url, answer: known.answer, answeredAt: known.at } : {},
        error: null,
        askedAt: Date.now()
      }));
      const run2 = () => {
        isUnderWay.current = true;
        ask(question2, params, controller.signal).then(
          (answer) => {
            if (controller.signal.aborted) return;
            isUnderWay.current = false;
            remembered.set(url, { answer, at: Date.now() });
            setState({ url, answer, answeredAt: Date.now(), error: null, askedAt: null });
          },
          (error) => {
            if (controller.signal.aborted) return;
            isUnderWay.current = false;
            const failed2 = error instanceof AskError ? error : new AskError(0, String(error), null, url);
            setState((last) => ({ ...last, error: failed2, askedAt: null }));
            announce(failed2.message);
            if (failed2.status === 0 || failed2.status === 503 || failed2.status === 429) {
              retry2 = setTimeout(run2, delay);
              delay = Math.min(delay * 2, LAST_RETRY_MS);
            }
          }
        );
      };
      run2();
      return () => {
        clearTimeout(retry2);
        controller.abort();
        isUnderWay.current = false;
      };
    }, [url, attempt]);
    A2(() => {
      if (refreshed.current === refresh) return;
      refreshed.current = refresh;
      if (isCancelled.current && !byPerson) return;
      if (!isUnderWay.current) setAttempt((attempt2) => attempt2 + 1);
    }, [refresh]);
    const retry = b(() => setAttempt((attempt2) => attempt2 + 1), []);
    const cancel = b(() => {
      abort.current?.abort();
      isUnderWay.current = false;
      isCancelled.current = true;
      setState((last) => ({ ...last, askedAt: null, error: new AskError(-1, "cancelled", null, url ?? "") }));
    }, [url]);
    return {
      answer: state.answer,
      isCurrent: state.url === url,
      error: state.error,
      isLoading: state.askedAt !== null,
      askedAt: state.askedAt,
      answeredAt: state.answeredAt,
      retry,
      cancel
    };
  }
  function Answer(props) {
    const { answer, isCurrent, error, isLoading, answeredAt } = props.of;
    const isOld = answer !== null && (!isCurrent || error !== null);
    return /* @__PURE__ */ a3("div", { class: answer === null && error === null ? "answer is-awaited" : "answer", "aria-busy": isLoading, children: [
      error !== null && /* @__PURE__ */ a3(Failure, { error, retry: props.of.retry }),
      isOld && answeredAt !== null && /* @__PURE__ */ a3("p", { class: "answer-age", children: [
        "Below is the answer of ",
        ago(answeredAt * 1e3),
        "."
      ] }),
      /* @__PURE__ */ a3(Waiting, { of: props.of, what: props.what }),
      answer !== null && /* @__PURE__ */ a3("div", { class: isOld ? "answer-old" : void 0, children: props.children(answer) })
    ] });
  }
  function Waiting(props) {
    const { askedAt, answer, isCurrent, cancel } = props.of;
    const [elapsed, setElapsed] = d2(0);
    A2(() => {
      setElapsed(0);
      if (askedAt === null) return;
      const soon = setTimeout(() => setElapsed(Date.now() - askedAt), 150);
      const timer = setInterval(() => setElapsed(Date.now() - askedAt), 500);
      return () => {
        clearTimeout(soon);
        clearInterval(timer);
      };
    }, [askedAt]);
    if (askedAt === null || elapsed < 150) return null;
    if (elapsed >= 2e3) {
      return /* @__PURE__ */ a3("p", { class: answer !== null && isCurrent ? "waiting waiting-again" : "waiting", role: "status", children: [
        "Reading ",
        props.what,
        ": ",
        Math.round(elapsed / 1e3),
        " s ",
        /* @__PURE__ */ a3("button", { type: "button", onClick: cancel, children: "Cancel" })
      ] });
    }
    if (answer !== null && isCurrent) return null;
    return answer === null ? /* @__PURE__ */ a3("div", { class: "skeleton", role: "status", "aria-label": `Reading ${props.what}` }) : null;
  }
  function Failure(props) {
    const { status, message, hint, url } = props.error;
    if (status === -1) {
      return /* @__PURE__ */ a3("p", { class: "notice", children: [
        "Cancelled. ",
        /* @__PURE__ */ a3("button", { type: "button", onClick: props.retry, children: "Ask again" })
      ] });
    }
    return /* @__PURE__ */ a3("div", { class: "notice notice-bad", role: "alert", children: [
      /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3("strong", { children: sentence(message) }),
        hint !== null && /* @__PURE__ */ a3($, { children: [
          " ",
          sentence(hint)
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "notice-request", children: [
        status > 0 && /* @__PURE__ */ a3($, { children: [
          "Status ",
          status,
          ". "
        ] }),
        "Request: ",
        /* @__PURE__ */ a3("code", { children: [
          "GET ",
          url.replace("../", "/")
        ] }),
        " ",
        /* @__PURE__ */ a3("button", { type: "button", onClick: props.retry, children: "Ask again" })
      ] })
    ] });
  }
  function sentence(text) {
    const first2 = text.slice(0, 1).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(first2) ? first2 : `${first2}.`;
  }

  // src/frame/sign-in.tsx
  var LONGEST_NEXT = 1900;
  function SignIn() {
    const [methods, setMethods] = d2({ methods: ["token"], provider: null });
    const [error, setError] = d2(null);
    const [isBusy, setBusy] = d2(false);
    A2(() => {
      document.title = "Sign in · Coral";
      void fetch("../auth/methods").then(async (answer) => {
        if (answer.ok) setMethods(await answer.json());
      }).catch(() => {
      });
    }, []);
    const submit = async (event) => {
      event.preventDefault();
      const token = new FormData(event.currentTarget).get("token");
      setBusy(true);
      const answer = await fetch("../auth/token", {
        method: "POST",
        headers: { "content-type": "application/json", ...OWN },
        body: JSON.stringify({ token: String(token).trim() })
      }).catch(() => null);
      setBusy(false);
      if (answer?.ok) return location.reload();
      const body = await answer?.json().catch(() => null);
      setError(body?.error ? `${sentence(body.error)} ${body.hint ? sentence(body.hint) : ""}` : "The colony cannot be reached.");
    };
    const here = `${location.pathname}${location.search}`;
    const next = here.length > LONGEST_NEXT ? location.pathname : here;
    return /* @__PURE__ */ a3("main", { class: "sign-in", id: "content", children: [
      /* @__PURE__ */ a3("h1", { children: "Sign in to Coral" }),
      methods.methods.includes("oidc") && /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("a", { class: "button button-first", href: `../auth/login?next=${encodeURIComponent(next)}`, children: [
        "Sign in with ",
        methods.provider ?? "your account"
      ] }) }),
      methods.methods.includes("token") && /* @__PURE__ */ a3("form", { onSubmit: submit, children: [
        /* @__PURE__ */ a3("label", { for: "token", children: "Access token" }),
        /* @__PURE__ */ a3("input", { id: "token", name: "token", type: "password", autocomplete: "off", spellcheck: false, required: true, autofocus: true }),
        /* @__PURE__ */ a3("button", { type: "submit", class: "button-first", disabled: isBusy, children: "Sign in" }),
        /* @__PURE__ */ a3("p", { class: "soft", children: [
          "On the colony's host, ",
          /* @__PURE__ */ a3("code", { children: "coral colony token create --user NAME" }),
          " makes one."
        ] })
      ] }),
      error !== null && /* @__PURE__ */ a3("p", { class: "notice notice-bad", role: "alert", children: error })
    ] });
  }

  // src/frame/title.ts
  function useTitle(title) {
    A2(() => {
      document.title = title === "" ? "Coral" : `${visible(title)} · Coral`;
    }, [title]);
  }

  // src/parts/command.tsx
  function Command(props) {
    const [copied, setCopied] = d2(false);
    const click = async () => {
      setCopied(await copy(props.text, "Command"));
      setTimeout(() => setCopied(false), 1500);
    };
    return /* @__PURE__ */ a3("p", { class: "command", children: [
      /* @__PURE__ */ a3("span", { class: "command-label", children: "Same in a shell" }),
      /* @__PURE__ */ a3("code", { children: props.text }),
      /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: click, children: copied ? "Copied" : "Copy" })
    ] });
  }

  // src/parts/list-keys.ts
  function useListKeys(title, selector) {
    const move = (by) => {
      const items = [...document.querySelectorAll(selector)];
      const at = items.indexOf(document.activeElement);
      const next = at < 0 ? by > 0 ? 0 : items.length - 1 : Math.min(Math.max(at + by, 0), items.length - 1);
      items[next]?.focus();
    };
    useKeys(title, [
      { keys: "j", does: "next row", run: () => move(1) },
      { keys: "k", does: "previous row", run: () => move(-1) }
    ]);
  }

  // src/parts/spelled.tsx
  function Spelled({ text, code: Code = Plain }) {
    return /* @__PURE__ */ a3($, { children: text.split("`").map((part3, at) => at % 2 === 1 ? /* @__PURE__ */ a3(Code, { text: part3 }, at) : part3) });
  }
  function Plain({ text }) {
    return /* @__PURE__ */ a3("code", { children: text });
  }

  // src/parts/state.tsx
  var WORDS3 = {
    failing: { word: "failing", mark: "✕", tone: "bad" },
    slow: { word: "slow", mark: "✕", tone: "bad" },
    not_seen: { word: "not seen", mark: "!", tone: "warn" },
    fewer_requests: { word: "fewer requests", mark: "!", tone: "warn" },
    unknown: { word: "unknown", mark: "?", tone: "soft" },
    well: { word: "ok", mark: "✓", tone: "good" }
  };
  function State(props) {
    const { word: word2, mark, tone } = WORDS3[props.health];
    return /* @__PURE__ */ a3(Mark, { mark, tone, word: word2 });
  }
  function Mark(props) {
    return /* @__PURE__ */ a3("span", { class: `state tone-${props.tone}`, children: [
      /* @__PURE__ */ a3("span", { class: "mark", "aria-hidden": "true", children: props.mark }),
      props.word
    ] });
  }

  // src/screens/ask/commands.ts
  function placeOf(command3) {
    const [program, ...rest] = wordsOf(command3);
    if (program !== "coral") return null;
    const { words: words3, flags } = split(rest);
    const [verb, noun, third, fourth] = words3;
    const when = windowOf2(flags);
    const baseline = flags.get("baseline")?.[0] ?? null;
    if (verb === "why") {
      const trace = flags.get("trace-id")?.[0] ?? null;
      return { page: "why", title: "Why", params: { service: noun, route: flags.get("route")?.[0], trace, baseline, ...trace === null ? when : {} } };
    }
    if (verb === "services") return noun === void 0 ? { page: "", title: "Home", params: when } : { page: "service", title: "Service", params: { name: noun, ...when } };
    if (verb !== "query") return null;
    if (noun === "anomalies") return { page: "", title: "What changed", params: when };
    if (noun === "topology") return { page: "map", title: "Map", params: { ...flags.has("focus") ? { focus: flags.get("focus")?.[0] } : {}, diff: flags.get("diff")?.[0], ...when } };
    if (noun === "sql") return { page: "sql", title: "SQL", params: { q: third, ...when } };
    if (noun !== "beyla" || third === void 0) return null;
    if (third === "traces") {
      const trace = flags.get("trace-id")?.[0];
      if (trace !== void 0) return { page: "trace", title: "The trace", params: { id: trace } };
      return { page: "traces", title: "Traces", params: { q: searchOf(fourth ?? "", flags), sort: flags.get("sort")?.[0], by: flags.get("by")?.[0], ...when } };
    }
    if (fourth !== void 0 && ["http", "grpc", "sql"].includes(third)) return { page: "service", title: "Service", params: { name: fourth, ...when } };
    return null;
  }
  function searchOf(search2, flags) {
    let text = search2;
    const add = (condition) => {
      text = and(text, condition);
    };
    for (const service of flags.get("service") ?? []) add(equals("service", service));
    for (const name of flags.get("name") ?? []) add(equals("name", name));
    for (const pair of flags.get("attr") ?? []) {
      const at = pair.indexOf("=");
      add(at > 0 ? equals(pair.slice(0, at), pair.slice(at + 1)) : pair);
    }
    for (const status of flags.get("status") ?? []) add(`status:${status}`);
    for (const least of flags.get("min-duration") ?? []) add(`duration>=${least}`);
    return text;
  }
  function windowOf2(flags) {
    const since = flags.get("since")?.[0];
    const until = flags.get("until")?.[0];
    if (since === void 0) return { since: null, from: null, to: null };
    return until === void 0 && lengthMs(since) !== null ? { since, from: null, to: null } : { since: null, from: since, to: until ?? null };
  }
  function split(words3) {
    const flags = /* @__PURE__ */ new Map();
    const others = [];
    for (let at = 0; at < words3.length; at += 1) {
      const word2 = words3[at] ?? "";
      if (!word2.startsWith("--")) {
        others.push(word2);
        continue;
      }
      const [name = "", value] = word2.slice(2).split(/=(.*)/s);
      if (value === void 0) at += 1;
      flags.set(name, [...flags.get(name) ?? [], value ?? words3[at] ?? ""]);
    }
    return { words: others, flags };
  }
  function wordsOf(command3) {
    const words3 = [];
    let word2 = null;
    let isQuoted = false;
    for (let at = 0; at < command3.length; at += 1) {
      const sign = command3[at] ?? "";
      if (sign === "'") {
        isQuoted = !isQuoted;
        word2 ??= "";
      } else if (!isQuoted && sign === "\\") {
        at += 1;
        word2 = (word2 ?? "") + (command3[at] ?? "");
      } else if (!isQuoted && /\s/.test(sign)) {
        if (word2 !== null) words3.push(word2);
        word2 = null;
      } else {
        word2 = (word2 ?? "") + sign;
      }
    }
    return word2 === null ? words3 : [...words3, word2];
  }

  // src/screens/ask/command-link.tsx
  function CommandLink({ text }) {
    const place = placeOf(text);
    return place === null ? /* @__PURE__ */ a3("code", { children: text }) : /* @__PURE__ */ a3("a", { href: href(place.page, place.params), children: /* @__PURE__ */ a3("code", { children: text }) });
  }

  // src/shell.ts
  function command(name, positional, options = []) {
    const words3 = positional.filter((text) => typeof text === "string" && text !== "");
    const flags = options.flatMap((option) => option ? [flagged(option)] : []);
    const parts = words3.some((text) => text.startsWith("-")) ? [name, ...flags, "--", ...words3.map(word)] : [name, ...words3.map(word), ...flags];
    return parts.join(" ");
  }
  function flagged([flag, value]) {
    if (value === void 0) return flag;
    const text = String(value);
    return text.startsWith("-") ? `${flag}=${word(text)}` : `${flag} ${word(text)}`;
  }
  function word(text) {
    if (/^[\w@%+=:,./-]+$/.test(text)) return text;
    if (!hidesCharacters(text)) return `'${text.replaceAll("'", "'\\''")}'`;
    return `$'${Array.from(text, escaped).join("")}'`;
  }
  function escaped(character) {
    if (character === "'" || character === "\\") return `\\${character}`;
    if (!isHidden(character) && character !== "\n" && character !== "	") return character;
    return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`;
  }

  // src/screens/ask/ask.tsx
  var NOTHING = "?";
  function Ask({ address, window }) {
    const question2 = (address.params.get("q") ?? "").trim();
    const tz = address.params.get("tz") === "local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : void 0;
    useTitle(question2 === "" ? "Ask" : question2);
    const asked2 = useAnswer("ask", { question: question2 === "" ? NOTHING : question2, now: window.ask.until, tz });
    useListKeys("Ask", "[data-answer-line] a, .ask-examples a");
    return /* @__PURE__ */ a3("div", { class: "ask", children: [
      /* @__PURE__ */ a3("h1", { children: question2 === "" ? "Ask" : question2 }),
      /* @__PURE__ */ a3(Box, { question: question2 }),
      /* @__PURE__ */ a3(Answer, { of: asked2, what: "the answer", children: (answer) => /* @__PURE__ */ a3(Page, { answer, question: question2 }) }),
      /* @__PURE__ */ a3(Command, { text: command("coral ask", [question2 === "" ? "what is wrong?" : question2]) })
    ] });
  }
  function Box({ question: question2 }) {
    const [text, setText] = d2(question2);
    A2(() => setText(question2), [question2]);
    const submit = (event) => {
      event.preventDefault();
      amend({ q: text.trim() });
    };
    return /* @__PURE__ */ a3("form", { class: "ask-box", onSubmit: submit, children: [
      /* @__PURE__ */ a3("input", { type: "text", value: text, "aria-label": "A question", placeholder: "Why is payments-api slow?", autocomplete: "off", spellcheck: false, onInput: (event) => setText(event.currentTarget.value) }),
      /* @__PURE__ */ a3("button", { type: "submit", class: "button-first", children: "Ask" })
    ] });
  }
  function Page({ answer, question: question2 }) {
    const { findings, queries, understanding } = answer;
    const places = queries.map((query) => {
      const place = placeOf(query);
      return place?.page === "map" && understanding?.service ? { ...place, params: { focus: understanding.service, ...place.params } } : place;
    });
    const isExamples = findings.kind === "not_understood";
    const sections = question2 === "" && isExamples ? answer.sections.slice(1) : answer.sections;
    return /* @__PURE__ */ a3($, { children: [
      answer.understood !== null && /* @__PURE__ */ a3("p", { class: "ask-understood soft", children: answer.understood }),
      sections.map((section, at) => {
        const isProblem = at === 0 && question2 !== "" && answer.understood === null;
        const hasExamples = isExamples && !isProblem;
        return /* @__PURE__ */ a3("section", { class: isProblem ? "card ask-problem" : "section", children: [
          /* @__PURE__ */ a3("h2", { children: isProblem ? /* @__PURE__ */ a3(Mark, { mark: "?", tone: "warn", word: section.title }) : section.title }),
          /* @__PURE__ */ a3("ul", { class: hasExamples ? "ask-examples" : "ask-lines", children: section.lines.map((line, index) => hasExamples && !line.text.startsWith("services: ") ? /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("a", { href: href("ask", { q: line.text }), children: line.text }) }, index) : /* @__PURE__ */ a3(Line, { line, places, queries }, index)) })
        ] }, section.title);
      }),
      findings.kind === "no_such_service" && /* @__PURE__ */ a3(Similar, { service: findings.service, names: findings.similar.length > 0 ? findings.similar : findings.known, question: question2 }),
      queries.length > 0 && /* @__PURE__ */ a3("section", { class: "section", children: [
        /* @__PURE__ */ a3("h2", { children: "Queries behind these lines" }),
        /* @__PURE__ */ a3("ol", { class: "ask-queries", children: queries.map((query, at) => {
          const place = places[at];
          return /* @__PURE__ */ a3("li", { children: [
            /* @__PURE__ */ a3("span", { class: "soft", children: [
              at + 1,
              "."
            ] }),
            " ",
            /* @__PURE__ */ a3("code", { children: query }),
            " ",
            place && /* @__PURE__ */ a3("a", { href: href(place.page, place.params), children: place.title })
          ] }, query);
        }) })
      ] })
    ] });
  }
  function Line({ line, places, queries }) {
    const place = line.query === null ? null : places[line.query - 1] ?? null;
    const query = line.query === null ? void 0 : queries[line.query - 1];
    return /* @__PURE__ */ a3("li", { "data-answer-line": true, children: [
      /* @__PURE__ */ a3("span", { children: /* @__PURE__ */ a3(Spelled, { text: line.text, code: CommandLink }) }),
      place !== null && /* @__PURE__ */ a3("a", { class: "ask-place", href: href(place.page, place.params), title: query, "aria-label": `${place.title}: where this is from`, children: [
        place.title,
        " →"
      ] }),
      place === null && line.query !== null && /* @__PURE__ */ a3("span", { class: "soft small", children: [
        "query ",
        line.query
      ] })
    ] });
  }
  function Similar({ service, names, question: question2 }) {
    if (names.length === 0) return /* @__PURE__ */ a3("p", { children: [
      "No service is known. ",
      /* @__PURE__ */ a3("a", { href: href("status"), children: "Status" }),
      " says whether agents send spans."
    ] });
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "Ask about" }),
      /* @__PURE__ */ a3("ul", { class: "ask-examples", children: names.map((name) => {
        const other = question2.includes(service) ? question2.replace(service, name) : `is ${name} ok?`;
        return /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("a", { href: href("ask", { q: other }), children: other }) }, name);
      }) })
    ] });
  }

  // src/format/duration.ts
  function duration(micros2) {
    const us = Math.max(0, Math.round(micros2));
    if (us < 1e3) return `${us}µs`;
    const rounded = threeDigits(us);
    if (rounded < 1e6) return `${rounded / 1e3}ms`;
    if (rounded < 6e7) return `${rounded / 1e6}s`;
    const seconds = Math.round(us / 1e6);
    if (seconds < 3600) return twoUnits(seconds, "m", "s");
    return twoUnits(Math.round(us / 6e7), "h", "m");
  }
  function percentile(us, exact, beyond) {
    if (us !== null) return exact ? duration(us) : `≈${duration(us)}`;
    return beyond === null ? "–" : `>${duration(beyond)}`;
  }
  function difference(us) {
    if (Math.round(us) === 0) return "±0";
    return `${us > 0 ? "+" : "−"}${duration(Math.abs(us))}`;
  }
  function threeDigits(us) {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(us)) - 2);
    return Math.round(us / step) * step;
  }
  function twoUnits(small, large, unit) {
    const rest = small % 60;
    return `${Math.floor(small / 60)}${large}${rest === 0 ? "" : ` ${rest}${unit}`}`;
  }

  // src/parts/gap.ts
  var WORDS4 = {
    unreachable: "could not be reached",
    returned: "was away and came back",
    joined: "joined",
    beyla_stopped: "had no running Beyla",
    sampling_changed: "changed the share of traces that it records"
  };
  function gapInWords(gap, short2) {
    const when = gap.since_unix_us === null ? "" : gap.gap === "joined" || gap.gap === "sampling_changed" ? ` at ${short2(gap.since_unix_us)}` : gap.until_unix_us === null ? ` since ${short2(gap.since_unix_us)}` : ` from ${short2(gap.since_unix_us)} to ${short2(gap.until_unix_us)}`;
    const services = gap.services.length === 0 ? "" : `: ${gap.services.join(", ")}${gap.services_cut ? " and more" : ""}`;
    const traces = gap.traces_affected > 0 ? ` (${counted(gap.traces_affected, "trace")} may lack spans)` : "";
    return `${WORDS4[gap.gap]}${when}${services}${traces}`;
  }

  // src/parts/gaps.tsx
  function Gaps(props) {
    const times2 = useTimes();
    const coverage = props.coverage ?? [];
    if (coverage.length === 0) return null;
    return /* @__PURE__ */ a3("details", { class: "notice notice-warn", children: [
      /* @__PURE__ */ a3("summary", { children: [
        counted(coverage.length, "gap"),
        " in what was seen of agents: numbers may be incomplete"
      ] }),
      /* @__PURE__ */ a3("ul", { children: coverage.map((gap) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("strong", { children: gap.agent_id }),
        " ",
        gapInWords(gap, times2.short)
      ] }, `${gap.agent_id} ${gap.gap} ${gap.since_unix_us}`)) })
    ] });
  }

  // src/parts/service.tsx
  var COLORS = 8;
  var given = /* @__PURE__ */ new Map();
  function serviceColor(name) {
    const known = given.get(name);
    if (known !== void 0) return known;
    let hash = 2166136261;
    for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
    const own = (hash >>> 0) % COLORS;
    if (given.size >= COLORS) return own + 1;
    const taken = new Set(given.values());
    const free = Array.from({ length: COLORS }, (_3, at) => (own + at) % COLORS + 1).find((color) => !taken.has(color));
    given.set(name, free ?? own + 1);
    return free ?? own + 1;
  }
  function Service(props) {
    const dot = /* @__PURE__ */ a3("span", { class: `dot service-${serviceColor(props.name)}`, "aria-hidden": "true" });
    return props.isLink === false ? /* @__PURE__ */ a3("span", { class: "service", children: [
      dot,
      props.name
    ] }) : /* @__PURE__ */ a3("a", { class: "service", href: href("service", { name: props.name }), children: [
      dot,
      props.name
    ] });
  }

  // src/screens/compare/attributes.tsx
  function Attributes(props) {
    const { attributes, a: a4, b: b2 } = props.found;
    if (a4.traces === 0 || b2.traces === 0) return null;
    return /* @__PURE__ */ a3("section", { class: "section", "aria-labelledby": "attributes-title", children: [
      /* @__PURE__ */ a3("h2", { id: "attributes-title", children: "What sets A apart" }),
      attributes.length === 0 ? /* @__PURE__ */ a3("p", { class: "soft", children: "No attribute has values that differ between A and B." }) : /* @__PURE__ */ a3("table", { class: "compare-attributes", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "Service" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Attribute and value" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Traces of A" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Traces of B" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: attributes.map((one) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("td", { class: "attribute-service", children: /* @__PURE__ */ a3(Service, { name: one.service }) }),
          /* @__PURE__ */ a3("td", { class: "attribute-value", children: /* @__PURE__ */ a3("a", { href: href("traces", { q: `${equals("service", one.service)} ${equals(one.key, one.value)}` }), children: [
            /* @__PURE__ */ a3("code", { children: one.key }),
            " = ",
            /* @__PURE__ */ a3("strong", { class: "isolate", children: one.value })
          ] }) }),
          /* @__PURE__ */ a3(Part, { side: "A", part: one.a, of: one.a_of }),
          /* @__PURE__ */ a3(Part, { side: "B", part: one.b, of: one.b_of })
        ] }, `${one.service} ${one.key} ${one.value}`)) })
      ] })
    ] });
  }
  function Part(props) {
    const { side: side2, part: part3, of } = props;
    const share3 = of > 0 ? part3 / of : 0;
    return /* @__PURE__ */ a3("td", { class: "attribute-part", children: [
      /* @__PURE__ */ a3("span", { class: "compare-label", children: [
        side2,
        " "
      ] }),
      /* @__PURE__ */ a3("span", { class: "attribute-text", children: [
        /* @__PURE__ */ a3("strong", { children: percent(share3) }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          count(part3),
          " of ",
          count(of)
        ] })
      ] }),
      /* @__PURE__ */ a3("span", { class: "share-bar", "aria-hidden": "true", children: /* @__PURE__ */ a3("span", { class: `attribute-${side2}`, style: { width: `${share3 * 100}%` } }) })
    ] });
  }

  // src/screens/compare/choose.tsx
  function Choose(props) {
    const { a: a4, b: b2, isOpen } = props;
    const submit = (event) => {
      event.preventDefault();
      const form2 = new FormData(event.currentTarget);
      amend({ a: side(String(form2.get("a") ?? "")), b: side(String(form2.get("b") ?? "")), page: null });
    };
    const form = /* @__PURE__ */ a3("form", { class: "choose", onSubmit: submit, children: [
      /* @__PURE__ */ a3("label", { children: [
        "A ",
        /* @__PURE__ */ a3("input", { name: "a", required: true, placeholder: "an id, or a search: service:payments duration>500ms", defaultValue: a4.replace(/^q:/, ""), autocapitalize: "off", autocomplete: "off", spellcheck: false })
      ] }),
      /* @__PURE__ */ a3("label", { children: [
        "B ",
        /* @__PURE__ */ a3("input", { name: "b", placeholder: "empty: healthy traces of the same operation", defaultValue: b2.replace(/^q:/, ""), autocapitalize: "off", autocomplete: "off", spellcheck: false })
      ] }),
      /* @__PURE__ */ a3("button", { type: "submit", class: "button-first", children: "Compare" })
    ] }, `${a4} ${b2}`);
    if (!isOpen) return /* @__PURE__ */ a3("details", { class: "compare-else", children: [
      /* @__PURE__ */ a3("summary", { children: "Compare something else" }),
      form
    ] });
    if (a4 !== "") return form;
    return /* @__PURE__ */ a3("section", { children: [
      /* @__PURE__ */ a3("p", { children: [
        "Choose a trace, or a search, and what to compare it with. In the ",
        /* @__PURE__ */ a3("a", { href: href("traces"), children: "list of traces" }),
        ", ",
        /* @__PURE__ */ a3("kbd", { children: "Space" }),
        " chooses two and ",
        /* @__PURE__ */ a3("kbd", { children: "c" }),
        " compares them; an area of the picture is compared with the rest."
      ] }),
      form
    ] });
  }
  function side(text) {
    const trimmed2 = text.trim();
    return trimmed2 === "" || /^[0-9a-f]{4,32}$/i.test(trimmed2) || trimmed2.startsWith("q:") ? trimmed2 : `q:${trimmed2}`;
  }

  // src/screens/compare/rows.ts
  var SMALL_SHARE = 0.01;
  function differs(row) {
    if (row.a === null || row.b === null) return true;
    if (row.share !== null && Math.abs(row.share) >= SMALL_SHARE) return true;
    const fails = (errors, calls2) => errors / Math.max(1, calls2);
    return fails(row.a.errors, row.a.calls * row.a.traces) !== fails(row.b.errors, row.b.calls * row.b.traces);
  }
  function differing(rows) {
    const kept = /* @__PURE__ */ new Set();
    const above = [];
    for (const row of rows) {
      above.length = Math.min(above.length, row.depth);
      if (differs(row)) {
        for (const one of above) kept.add(one);
        kept.add(row);
      }
      above[row.depth] = row;
    }
    return rows.filter((row) => kept.has(row));
  }
  function mainRows({ rows, delta_us: delta }) {
    if (delta === 0) return [];
    const largest = rows.filter((row) => (row.share ?? 0) >= 0.05).toSorted((one, other) => (other.share ?? 0) - (one.share ?? 0));
    const main = [];
    let sum = 0;
    for (const row of largest) {
      if (sum >= 0.8 || main.length === 3) break;
      main.push(row);
      sum += row.share ?? 0;
    }
    return main;
  }
  function telling(attributes) {
    const part3 = (count2, of) => of > 0 ? count2 / of : 0;
    const apart2 = attributes.filter((one) => one.b_of > 0 && !OF_ONE_REQUEST.test(one.key) && part3(one.a, one.a_of) - part3(one.b, one.b_of) >= 0.5);
    return apart2.filter((one, at) => apart2.findIndex((other) => other.key === one.key && other.value === one.value) === at).slice(0, 2);
  }
  var OF_ONE_REQUEST = /^(client|source|network|net|url|user_agent|enduser|thread)\.|\.size$/;
  function unexplained({ rows, delta_us: delta }) {
    if (delta === 0 || rows.length === 0) return null;
    const rest = 1 - rows.reduce((sum, row) => sum + (row.share ?? 0), 0);
    return rest >= 0.3 ? Math.min(1, rest) : null;
  }
  function deepestLonger({ rows, delta_us: delta }) {
    if (delta <= 0) return null;
    const longer2 = rows.filter((row) => (row.delta_us ?? 0) >= 0.5 * delta);
    return longer2.reduce((deepest, row) => deepest === null || row.depth > deepest.depth ? row : deepest, null);
  }

  // src/screens/compare/operations.tsx
  var PAGE_ROWS = 60;
  function Operations(props) {
    const { found, address: { params } } = props;
    const changed = differing(found.rows);
    const main = mainRows(found);
    const isAll = params.get("rows") === "all" || params.get("rows") === null && found.rows.length <= PAGE_ROWS;
    const rows = isAll ? found.rows : changed;
    const last = Math.max(0, Math.ceil(rows.length / PAGE_ROWS) - 1);
    const page = Math.min(last, Math.max(0, Math.floor(Number(params.get("page") ?? 0)) || 0));
    const shown2 = rows.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
    const turn2 = () => amend({ rows: isAll ? "changed" : "all", page: null });
    useKeys("Compare", [{ keys: "o", does: "only what differs, or all", run: turn2 }]);
    useListKeys("Compare", ".compare-rows .compare-name");
    return /* @__PURE__ */ a3("section", { class: "section", "aria-labelledby": "operations-title", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h2", { id: "operations-title", children: found.aligned ? "Where the time is" : "Operations" }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", "aria-pressed": !isAll, onClick: turn2, children: [
          "Only what differs (",
          count(changed.length),
          " of ",
          count(found.rows.length),
          ")"
        ] })
      ] }),
      shown2.length === 0 ? /* @__PURE__ */ a3("p", { children: "No operation differs." }) : /* @__PURE__ */ a3("table", { class: "compare-rows", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "Operation" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "compare-side", children: "A" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "compare-side", children: "B" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "A longer by" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: found.delta_us === 0 ? "" : `Its own part of the ${difference(found.delta_us)}` })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown2.map((row, at) => /* @__PURE__ */ a3(Row, { row, found, isMain: main.includes(row) }, `${page} ${at}`)) })
      ] }),
      last > 0 && /* @__PURE__ */ a3("div", { class: "actions compare-pages", children: [
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          count(page * PAGE_ROWS + 1),
          " to ",
          count(page * PAGE_ROWS + shown2.length),
          " of ",
          counted(rows.length, "operation")
        ] }),
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === 0, onClick: () => amend({ page: page - 1 || null }), children: "Before" }),
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === last, onClick: () => amend({ page: page + 1 }), children: "Next" })
      ] }),
      found.rows_left_out > 0 && /* @__PURE__ */ a3("p", { class: "small soft", children: [
        counted(found.rows_left_out, "further operation"),
        " that differ less are left out."
      ] })
    ] });
  }
  function Row(props) {
    const { row, found } = props;
    const example = (row.a ?? row.b)?.example;
    const name = /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("span", { class: `dot service-${serviceColor(row.service)}`, "aria-hidden": "true" }),
      " ",
      /* @__PURE__ */ a3("span", { class: "soft", children: row.service }),
      " ",
      /* @__PURE__ */ a3("span", { class: "compare-operation", children: row.name })
    ] });
    const only = row.a === null ? "only in B" : row.b === null ? "only in A" : null;
    return /* @__PURE__ */ a3("tr", { class: props.isMain ? "compare-main" : void 0, children: [
      /* @__PURE__ */ a3("th", { scope: "row", class: "compare-cell-name", style: { "--depth": found.aligned ? Math.min(row.depth, 12) : 0 }, children: [
        example ? /* @__PURE__ */ a3("a", { class: "compare-name", href: href("trace", { id: example.trace_id, span: example.span_id }), children: name }) : name,
        found.aligned && /* @__PURE__ */ a3("span", { class: "unseen", children: [
          ", level ",
          row.depth + 1
        ] }),
        row.kind !== "server" && /* @__PURE__ */ a3("span", { class: "soft small", children: [
          " ",
          row.kind
        ] })
      ] }),
      /* @__PURE__ */ a3(Times, { side: "A", times: row.a, of: found.a.traces, isSet: found.a.kind === "traces" }),
      /* @__PURE__ */ a3(Times, { side: "B", times: row.b, of: found.b.traces, isSet: found.b.kind === "traces" }),
      /* @__PURE__ */ a3("td", { class: "number compare-delta", children: only !== null ? /* @__PURE__ */ a3("span", { class: "compare-only", children: only }) : row.delta_us === null ? "–" : isClose(row) ? /* @__PURE__ */ a3("span", { class: "soft", children: "about the same" }) : difference(row.delta_us) }),
      /* @__PURE__ */ a3("td", { class: "compare-share", children: /* @__PURE__ */ a3(Share, { share: row.share }) })
    ] });
  }
  function isClose({ a: a4, b: b2, delta_us: delta }) {
    return a4 !== null && b2 !== null && Math.abs(delta ?? 0) <= 0.05 * Math.max(a4.p50_us, b2.p50_us);
  }
  function Times(props) {
    const { side: side2, times: times2, of, isSet } = props;
    if (times2 === null) return /* @__PURE__ */ a3("td", { class: "compare-times soft", children: [
      /* @__PURE__ */ a3("span", { class: "compare-label", children: [
        side2,
        " "
      ] }),
      /* @__PURE__ */ a3("span", { class: "compare-value", children: "–" })
    ] });
    const title = `${times2.traces} of ${of} traces, own time ${duration(times2.self_p50_us)}`;
    return /* @__PURE__ */ a3("td", { class: "compare-times", title, children: [
      /* @__PURE__ */ a3("span", { class: "compare-label", children: [
        side2,
        " "
      ] }),
      /* @__PURE__ */ a3("a", { class: "compare-value", href: href("trace", { id: times2.example.trace_id, span: times2.example.span_id }), children: duration(times2.p50_us) }),
      times2.calls >= 1.05 && /* @__PURE__ */ a3("span", { class: "soft", children: [
        " ×",
        Math.round(times2.calls * 10) / 10
      ] }),
      isSet && times2.traces > 1 && /* @__PURE__ */ a3("span", { class: "soft small compare-p95", children: [
        " P95 ",
        duration(times2.p95_us)
      ] }),
      isSet && times2.traces < of && /* @__PURE__ */ a3("span", { class: "soft small", children: [
        " in ",
        percent(times2.traces / Math.max(1, of))
      ] }),
      times2.errors > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
        " ✕ ",
        count(times2.errors),
        " failed"
      ] })
    ] });
  }
  function Share(props) {
    const { share: share3 } = props;
    if (share3 === null || Math.abs(share3) < 5e-3) return null;
    return /* @__PURE__ */ a3("span", { class: "share", children: [
      /* @__PURE__ */ a3("span", { class: "share-text", children: [
        share3 < 0 && "−",
        percent(Math.abs(share3))
      ] }),
      /* @__PURE__ */ a3("span", { class: "share-bar", "aria-hidden": "true", children: /* @__PURE__ */ a3("span", { class: share3 < 0 ? "share-less" : "share-more", style: { width: `${Math.min(1, Math.abs(share3)) * 100}%` } }) })
    ] });
  }

  // src/screens/compare/sides.tsx
  function Sides(props) {
    const { a: a4, b: b2 } = props;
    const longest = Math.max(1, a4.duration_p95_us, b2.duration_p95_us, a4.duration_p50_us, b2.duration_p50_us);
    return /* @__PURE__ */ a3("div", { class: "sides", children: [
      /* @__PURE__ */ a3(Side, { letter: "A", side: a4, longest }),
      /* @__PURE__ */ a3(Side, { letter: "B", side: b2, longest })
    ] });
  }
  function Side(props) {
    const { letter, side: side2, longest } = props;
    const isTrace = side2.kind === "trace";
    return /* @__PURE__ */ a3("section", { class: "card side", "aria-labelledby": `side-${letter}`, children: [
      /* @__PURE__ */ a3("h2", { id: `side-${letter}`, children: [
        /* @__PURE__ */ a3("span", { class: "side-letter", children: letter }),
        " ",
        isTrace && side2.trace_id !== null ? /* @__PURE__ */ a3("a", { href: href("trace", { id: side2.trace_id }), children: [
          "trace ",
          /* @__PURE__ */ a3("code", { children: side2.trace_id.slice(0, 8) })
        ] }) : counted(side2.traces, side2.healthy ? "healthy trace" : "trace"),
        side2.cut && !isTrace && /* @__PURE__ */ a3("span", { class: "soft small", children: " of more" })
      ] }),
      side2.operation && /* @__PURE__ */ a3("p", { class: "side-operation", children: [
        side2.service && /* @__PURE__ */ a3(Service, { name: side2.service }),
        " ",
        /* @__PURE__ */ a3("span", { class: "isolate", children: side2.operation })
      ] }),
      side2.traces > 0 && /* @__PURE__ */ a3("p", { class: "side-times", children: [
        /* @__PURE__ */ a3("strong", { children: duration(side2.duration_p50_us) }),
        /* @__PURE__ */ a3("span", { class: "soft", children: isTrace ? "" : ` P50, ${duration(side2.duration_p95_us)} P95` }),
        /* @__PURE__ */ a3("span", { class: "side-bar", "aria-hidden": "true", children: [
          !isTrace && /* @__PURE__ */ a3("span", { class: "side-p95", style: { width: `${side2.duration_p95_us / longest * 100}%` } }),
          /* @__PURE__ */ a3("span", { class: `side-p50 side-${letter}`, style: { width: `${side2.duration_p50_us / longest * 100}%` } })
        ] })
      ] }),
      side2.q !== null && /* @__PURE__ */ a3("p", { class: "small side-search", children: [
        conditionsOf(side2.q).conditions.map(({ text }) => words(text)).join(conditionsOf(side2.q).any ? " or " : ", ") || "every trace",
        " ",
        /* @__PURE__ */ a3("a", { href: href("traces", { q: side2.q }), children: "list them" })
      ] }),
      side2.healthy && /* @__PURE__ */ a3("p", { class: "small soft", children: "The faster half of those of the hour before that did not fail." }),
      !isTrace && side2.example_trace_ids.length > 0 && /* @__PURE__ */ a3("p", { class: "small soft", children: [
        "Such as ",
        side2.example_trace_ids.slice(0, 3).map((id, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && ", ",
          /* @__PURE__ */ a3("a", { href: href("trace", { id }), children: /* @__PURE__ */ a3("code", { children: id.slice(0, 8) }) })
        ] }, id))
      ] }),
      isTrace && side2.cut && /* @__PURE__ */ a3("p", { class: "small tone-warn", children: "The trace has more spans than are compared." })
    ] });
  }

  // src/screens/compare/compare.tsx
  function Compare({ address, window }) {
    const { params } = address;
    const a4 = params.get("a") ?? "";
    const b2 = params.get("b") ?? "";
    const sourceName = params.get("source");
    const source = sourceName === "ebpf" || sourceName === "sdk" ? sourceName : void 0;
    useTitle("Compare");
    const asked2 = useAnswer("compare", a4 === "" ? null : { a: a4, b: b2, ...window.ask, source });
    const swap = () => {
      if (a4 !== "" && b2 !== "") amend({ a: b2, b: a4, page: null });
    };
    useKeys("Compare", [
      { keys: "s", does: "swap A and B", run: swap },
      { keys: "Escape", does: "back to the traces", run: () => go(href("traces")) }
    ]);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h1", { children: "Compare" }),
        a4 !== "" && b2 !== "" && /* @__PURE__ */ a3("button", { type: "button", class: "compare-swap", onClick: swap, children: "⇄ Swap A and B" })
      ] }),
      a4 === "" ? /* @__PURE__ */ a3(Choose, { a: "", b: "", isOpen: true }) : /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Answer, { of: asked2, what: "both sides", children: (found) => /* @__PURE__ */ a3(Found, { found, address }) }),
        /no trace/.test(asked2.error?.message ?? "") && /* @__PURE__ */ a3("p", { children: "A trace that is not stored is unknown, has expired, or was not sampled." }),
        /* @__PURE__ */ a3(Choose, { a: a4, b: b2, isOpen: asked2.error !== null && asked2.answer === null })
      ] }),
      /* @__PURE__ */ a3(Command, { text: commandOf(a4, b2, window, source) })
    ] });
  }
  function Found(props) {
    const { found, address } = props;
    const hasBoth = found.a.traces > 0 && found.b.traces > 0;
    const isAttributesFirst = found.a.kind === "traces" && found.b.kind === "traces" && !found.b.healthy;
    const attributes = /* @__PURE__ */ a3(Attributes, { found });
    return /* @__PURE__ */ a3($, { children: [
      hasBoth && /* @__PURE__ */ a3(Verdict, { found }),
      hasBoth && !isAttributesFirst && /* @__PURE__ */ a3(Telling, { found }),
      /* @__PURE__ */ a3(Sides, { a: found.a, b: found.b }),
      /* @__PURE__ */ a3(Gaps, { coverage: found.coverage }),
      !hasBoth && /* @__PURE__ */ a3(Missing, { found }),
      hasBoth && !found.aligned && found.not_aligned_because !== null && /* @__PURE__ */ a3("p", { class: "notice notice-warn", children: [
        found.not_aligned_because,
        "."
      ] }),
      isAttributesFirst && attributes,
      found.rows.length > 0 && /* @__PURE__ */ a3(Operations, { found, address }),
      !isAttributesFirst && attributes
    ] });
  }
  function Verdict(props) {
    const { found } = props;
    const { delta_us: delta, a: a4, b: b2 } = found;
    const main = mainRows(found);
    const rest = unexplained(found);
    const longer2 = rest === null ? null : deepestLonger(found);
    const isElsewhere = longer2 !== null && !main.includes(longer2);
    const than = b2.healthy ? "than healthy traces do" : "than B";
    const only = found.rows.filter((row) => row.a !== null && row.b === null).length;
    const gone = found.rows.filter((row) => row.a === null && row.b !== null).length;
    const isSame = Math.abs(delta) < 0.02 * Math.max(a4.duration_p50_us, b2.duration_p50_us);
    return /* @__PURE__ */ a3("p", { class: "compare-verdict", children: [
      isSame ? /* @__PURE__ */ a3($, { children: [
        "A takes about as long as B: ",
        /* @__PURE__ */ a3("strong", { children: duration(a4.duration_p50_us) }),
        " and ",
        /* @__PURE__ */ a3("strong", { children: duration(b2.duration_p50_us) }),
        "."
      ] }) : /* @__PURE__ */ a3($, { children: [
        "A takes ",
        /* @__PURE__ */ a3("strong", { class: delta > 0 ? "tone-bad" : "tone-good", children: [
          duration(Math.abs(delta)),
          " ",
          delta > 0 ? "longer" : "less"
        ] }),
        " ",
        than,
        "."
      ] }),
      !isSame && isElsewhere && longer2 !== null && /* @__PURE__ */ a3($, { children: [
        " ",
        /* @__PURE__ */ a3(Place, { row: longer2 }),
        " takes ",
        /* @__PURE__ */ a3("strong", { children: duration(longer2.delta_us ?? 0) }),
        " longer."
      ] }),
      !isSame && main.length > 0 && /* @__PURE__ */ a3($, { children: [
        " ",
        isElsewhere ? "In own time, " : "Of this, ",
        main.map((row, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && (at === main.length - 1 ? " and " : ", "),
          /* @__PURE__ */ a3("strong", { children: percent(row.share ?? 0) }),
          " is in ",
          /* @__PURE__ */ a3(Place, { row })
        ] }, `${row.service} ${row.name} ${at}`)),
        "."
      ] }),
      !isSame && rest !== null && /* @__PURE__ */ a3("span", { class: "soft", children: [
        " ",
        percent(rest),
        " is in no operation’s own time."
      ] }),
      only + gone > 0 && /* @__PURE__ */ a3("span", { class: "soft", children: [
        " ",
        [only > 0 ? `${count(only)} ${only === 1 ? "operation is" : "operations are"} only in A` : "", gone > 0 ? `${count(gone)} only in B` : ""].filter((text) => text !== "").join(", "),
        "."
      ] })
    ] });
  }
  function Telling(props) {
    const found = telling(props.found.attributes);
    if (found.length === 0) return null;
    const of = props.found.b.healthy ? "healthy traces" : "traces of B";
    return /* @__PURE__ */ a3("p", { class: "compare-telling", children: [
      "Unusual in A:",
      " ",
      found.map((one, at) => /* @__PURE__ */ a3("span", { children: [
        at > 0 && ", ",
        /* @__PURE__ */ a3("span", { class: "isolate", children: cut(one.service) }),
        " has ",
        /* @__PURE__ */ a3("strong", { class: "isolate", children: [
          cut(one.key),
          "=",
          cut(one.value)
        ] }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          "(",
          count(one.b),
          " of ",
          count(one.b_of),
          " ",
          of,
          ")"
        ] })
      ] }, `${one.service} ${one.key}`)),
      "."
    ] });
  }
  function Place(props) {
    const { a: a4, b: b2, name, service } = props.row;
    const example = (a4 ?? b2)?.example;
    const text = /* @__PURE__ */ a3("strong", { class: "isolate", children: [
      cut(service),
      " ",
      cut(name)
    ] });
    return example ? /* @__PURE__ */ a3("a", { href: href("trace", { id: example.trace_id, span: example.span_id }), children: text }) : text;
  }
  var LONGEST = 100;
  function cut(text) {
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  }
  function Missing(props) {
    const { a: a4, b: b2 } = props.found;
    return /* @__PURE__ */ a3("section", { class: "notice notice-warn", children: [
      a4.traces === 0 && /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3("strong", { children: "A has no trace." }),
        " ",
        a4.kind === "trace" ? "It is not known, expired, or was not sampled." : "No stored trace meets its conditions in this time: choose a longer time at the top, or fewer conditions."
      ] }),
      b2.traces === 0 && /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3("strong", { children: "B has no trace." }),
        " ",
        b2.healthy || b2.q === null && b2.trace_id === null ? "No healthy traces of the same operation are stored from the hour before. Choose something else to compare with below." : b2.kind === "trace" ? "It is not known, expired, or was not sampled." : "No stored trace meets its conditions in this time: choose a longer time at the top, or fewer conditions."
      ] })
    ] });
  }
  function commandOf(a4, b2, window, source) {
    const isSearch = a4.startsWith("q:") || b2.startsWith("q:");
    return command("coral trace compare", [a4 === "" ? "TRACE" : a4, b2], [
      ...isSearch ? window.explicitFlags : [],
      source !== void 0 && ["--source", source]
    ]);
  }

  // src/parts/may.ts
  function useMay(permission) {
    const visitor = j2(VisitorContext);
    const person = personOf(visitor);
    return person === null ? visitor === null ? null : true : person.permissions.includes(permission);
  }

  // src/parts/agent.ts
  var MAX_BEHIND_SECONDS = 60;
  var BROKEN_BEYLA = ["unavailable", "degraded", "crashloop"];
  var WORDS5 = {
    not_polled: "not polled yet",
    unreachable: "unreachable",
    refuses: "refuses to be polled",
    too_old: "runs a Coral that is too old",
    nonsense: "sends replies that are not an agent's",
    cannot_store: "its spans cannot be stored here",
    polled_elsewhere: "polled by another colony"
  };
  function stateOf(agent) {
    if (agent.state !== "ok") {
      const isUnknown = agent.state === "not_polled" || agent.state === "polled_elsewhere";
      return { mark: isUnknown ? "?" : "✕", tone: isUnknown ? "soft" : "bad", word: WORDS5[agent.state] ?? agent.state.replaceAll("_", " "), reason: agent.last_error };
    }
    if (beylaIsBroken(agent.beyla)) return { mark: "✕", tone: "bad", word: "Beyla does not work", reason: agent.beyla };
    if ((agent.lag_seconds ?? 0) > MAX_BEHIND_SECONDS) return { mark: "!", tone: "warn", word: "behind", reason: null };
    return { mark: "✓", tone: "good", word: "ok", reason: null };
  }
  function isWell(agent) {
    return stateOf(agent).tone === "good";
  }
  function beylaIsBroken(beyla) {
    return beyla !== null && BROKEN_BEYLA.some((state) => beyla.startsWith(state));
  }
  function behind(seconds) {
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    if (seconds < 120) return `${Math.round(seconds)} s`;
    return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
  }

  // src/screens/home/agents.tsx
  function AgentsLine({ of }) {
    const { answer } = of;
    if (answer === null) return /* @__PURE__ */ a3($, { children: "agents: …" });
    if (answer.agents.length === 0) return /* @__PURE__ */ a3("a", { href: href("status"), children: /* @__PURE__ */ a3(Mark, { mark: "!", tone: "warn", word: "no agent is known" }) });
    const sick = answer.agents.filter((agent) => !isWell(agent));
    const [first2] = sick;
    if (first2 === void 0) return /* @__PURE__ */ a3("a", { href: href("status"), children: [
      counted(answer.agents.length, "agent"),
      " ok"
    ] });
    const word2 = sick.length === 1 ? `agent ${first2.agent_id}: ${stateOf(first2).word}` : `${sick.length} of ${counted(answer.agents.length, "agent")} not well`;
    return /* @__PURE__ */ a3("a", { href: href("status"), children: /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: word2 }) });
  }
  function AgentsSection(props) {
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h2", { children: "Agents" }),
        /* @__PURE__ */ a3("a", { class: "small", href: href("status"), children: "Status" })
      ] }),
      /* @__PURE__ */ a3(Answer, { of: props.of, what: "the state of agents", children: (status) => /* @__PURE__ */ a3(Agents, { of: status }) }),
      props.untraced.map(({ agent_id, services }) => /* @__PURE__ */ a3("p", { class: "notice notice-warn", children: [
        "Beyla on ",
        /* @__PURE__ */ a3("strong", { children: agent_id }),
        " does not trace ",
        services.map(({ name, port }) => `${name}:${port}`).join(", "),
        ", which listen there.",
        " ",
        /* @__PURE__ */ a3("code", { children: "sudo coral connect NAME:PORT" }),
        " on that host adds one."
      ] }, agent_id))
    ] });
  }
  function Agents({ of }) {
    const sick = of.agents.filter((agent) => !isWell(agent));
    const well = of.agents.length - sick.length;
    const spans = of.agents.reduce((sum, agent) => sum + (agent.spans_per_second ?? 0), 0);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("ul", { class: "agents-short", children: sick.map((agent) => /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3(Agent, { of: agent }) }, agent.agent_id)) }),
      of.agents.length === 0 && /* @__PURE__ */ a3("p", { children: "No agent is known, so nothing is collected." }),
      well > 0 && /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: sick.length === 0 ? well === 1 ? "The agent is ok" : `All ${well} agents are ok` : `${counted(well, "agent")} ok` }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          spans.toFixed(1),
          " spans per second in the last minute."
        ] })
      ] })
    ] });
  }
  function Agent({ of }) {
    const times2 = useTimes();
    const state = stateOf(of);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("strong", { children: of.agent_id }),
      " ",
      /* @__PURE__ */ a3(Mark, { mark: state.mark, tone: state.tone, word: state.word }),
      !of.reachable && of.answered_at_unix_us !== null && /* @__PURE__ */ a3($, { children: [
        " since ",
        times2.short(of.answered_at_unix_us),
        ": its spans since then are missing here"
      ] }),
      of.reachable && of.lag_seconds !== null && of.lag_seconds >= 1 && /* @__PURE__ */ a3($, { children: [
        ", ",
        behind(of.lag_seconds),
        " behind"
      ] }),
      state.reason !== null && /* @__PURE__ */ a3("span", { class: "soft", children: [
        " · ",
        state.reason
      ] })
    ] });
  }

  // src/screens/home/nothing-yet.tsx
  var ASK_MS = 2e3;
  function NothingYet({ status }) {
    useTitle("No spans yet");
    A2(() => {
      const timer = setInterval(() => {
        if (!document.hidden) status.retry();
      }, ASK_MS);
      return () => clearInterval(timer);
    }, [status.retry]);
    const agents = status.answer?.agents ?? [];
    const seen = status.answer?.counters["coral.colony.spans.stored"] ?? 0;
    return /* @__PURE__ */ a3("div", { class: "home", children: [
      /* @__PURE__ */ a3("h1", { children: "No spans yet" }),
      /* @__PURE__ */ a3("p", { class: "home-count", children: [
        /* @__PURE__ */ a3("strong", { children: count(seen) }),
        " spans received so far. This page shows services as soon as the first arrive."
      ] }),
      /* @__PURE__ */ a3("div", { class: "home-steps", children: [
        /* @__PURE__ */ a3("section", { class: "card", children: [
          /* @__PURE__ */ a3("h2", { children: "Send spans" }),
          /* @__PURE__ */ a3("p", { children: "An agent takes OTLP from any exporter. By default it listens on its own host:" }),
          /* @__PURE__ */ a3("ul", { children: [
            /* @__PURE__ */ a3("li", { children: [
              /* @__PURE__ */ a3("code", { children: "http://127.0.0.1:4317" }),
              " gRPC"
            ] }),
            /* @__PURE__ */ a3("li", { children: [
              /* @__PURE__ */ a3("code", { children: "http://127.0.0.1:4318" }),
              " HTTP"
            ] })
          ] }),
          /* @__PURE__ */ a3("p", { children: [
            "With an OpenTelemetry SDK: ",
            /* @__PURE__ */ a3("code", { children: "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318" })
          ] })
        ] }),
        /* @__PURE__ */ a3("section", { class: "card", children: [
          /* @__PURE__ */ a3("h2", { children: "Without changing a program" }),
          /* @__PURE__ */ a3("p", { children: "Beyla observes programs from outside. See what this host allows, and what to do about the rest:" }),
          /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("code", { children: "sudo coral beyla doctor" }) }),
          /* @__PURE__ */ a3("p", { children: [
            "Then choose what to trace, by name and port: ",
            /* @__PURE__ */ a3("code", { children: "sudo coral connect NAME:PORT" })
          ] })
        ] }),
        /* @__PURE__ */ a3("section", { class: "card", children: [
          /* @__PURE__ */ a3("h2", { children: "Agents" }),
          agents.length === 0 ? /* @__PURE__ */ a3("p", { children: [
            "No agent is known. Name one in ",
            /* @__PURE__ */ a3("code", { children: "colony.agents" }),
            ", or start one with ",
            /* @__PURE__ */ a3("code", { children: "--set agent.colony=URL" }),
            "."
          ] }) : /* @__PURE__ */ a3("p", { children: [
            counted(agents.length, "agent"),
            " known: ",
            agents.map((agent) => `${agent.agent_id} (${agent.state.replaceAll("_", " ")})`).join(", "),
            ". ",
            /* @__PURE__ */ a3("a", { href: href("status"), children: "Status" })
          ] }),
          /* @__PURE__ */ a3("p", { children: [
            "No service at hand? ",
            /* @__PURE__ */ a3("code", { children: "coral demo" }),
            " runs six of them, with a fault to find."
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a3(Command, { text: "coral colony status" })
    ] });
  }

  // src/parts/reason.ts
  var SLOW_RATIO = 1.5;
  var UNKNOWN = {
    coverage: "spans of it are missing in this window",
    no_requests: "it serves no requests",
    few_requests: "fewer than 20 requests, too few to judge",
    no_baseline: "fewer than 50 requests before, too few to compare with"
  };
  function reasonOf(of) {
    if (of.health === "well") return "";
    if (of.health === "unknown") return of.unknown_because === null ? "not known to be well" : UNKNOWN[of.unknown_because];
    const requests = of.requests.find((requests2) => requests2.kind === of.kind) ?? of.requests[0];
    if (requests === void 0) return "";
    const noun = requests.kind === "messages" ? "messages" : "requests";
    const { now: now2, before: before2 } = requests;
    const wasRate = before2 === null ? "none" : perSecond(before2.requests_per_second);
    switch (of.health) {
      case "failing":
        return failing(of, requests, noun);
      case "slow":
        return slower(requests);
      case "not_seen":
        return `serves no ${noun}, ${wasRate} per second before`;
      case "fewer_requests":
        return `${perSecond(now2.requests_per_second)} ${noun} per second, ${wasRate} before`;
    }
  }
  function failing(of, { now: now2, before: before2 }, noun) {
    const { operation: operation2 } = of;
    const part3 = operation2 === null ? `${rate(now2.error_rate)} of ${noun} fail${was(before2?.error_rate)}` : `${rate(operation2.now.error_rate)} of ${operation2.name} fail${was(operation2.before?.error_rate)}`;
    const slow = of.is_slow_too ? of.requests.find((requests) => grew(requests, "p95_us") || grew(requests, "p50_us")) : void 0;
    return slow === void 0 ? part3 : `${part3}; and slow: ${slower(slow)}`;
  }
  function was(share3) {
    return share3 === void 0 ? "" : `, ${rate(share3)} before`;
  }
  function slower(of) {
    const { now: now2, before: before2 } = of;
    if (before2 === null) return `P95 ${p95(now2)}`;
    if (now2.p95_us === null || before2.p95_us === null || grew(of, "p95_us")) return `P95 ${p95(now2)}, ${p95(before2)} before`;
    return `P50 ${p50(now2)}, ${p50(before2)} before`;
  }
  function grew({ now: now2, before: before2 }, which) {
    const [is, was2] = [now2[which], before2?.[which] ?? null];
    return is !== null && was2 !== null && was2 > 0 && is >= SLOW_RATIO * was2;
  }
  function p50(of) {
    return percentile(of.p50_us, of.exact, of.beyond_us);
  }
  function p95(of) {
    return percentile(of.p95_us, of.exact, of.beyond_us);
  }

  // src/parts/sparkline.tsx
  function Sparkline(props) {
    const { values: values2 } = props;
    const WIDTH2 = 96;
    const HEIGHT2 = 22;
    const max = Math.max(props.max ?? 0, ...values2.map((value) => value ?? 0));
    const step = values2.length > 1 ? WIDTH2 / (values2.length - 1) : WIDTH2;
    let path3 = "";
    let isOpen = false;
    values2.forEach((value, at) => {
      if (value === null) {
        isOpen = false;
        return;
      }
      const x2 = (at * step).toFixed(1);
      const y3 = (HEIGHT2 - 2 - (max > 0 ? value / max * (HEIGHT2 - 4) : 0)).toFixed(1);
      path3 += `${isOpen ? "L" : "M"}${x2} ${y3}`;
      isOpen = true;
    });
    return /* @__PURE__ */ a3("svg", { class: `sparkline sparkline-${props.tone ?? "plain"}`, viewBox: `0 0 ${WIDTH2} ${HEIGHT2}`, role: "img", "aria-label": props.says, preserveAspectRatio: "none", children: /* @__PURE__ */ a3("path", { d: path3, "vector-effect": "non-scaling-stroke" }) });
  }

  // src/screens/home/sort.ts
  var SORTS = ["health", "name", "requests", "errors", "p95"];
  var ORDER = {
    name: (one, other) => one.name < other.name ? -1 : one.name > other.name ? 1 : 0,
    requests: (one, other) => other.now.requests - one.now.requests,
    errors: (one, other) => other.now.error_rate - one.now.error_rate,
    p95: (one, other) => slowness(other) - slowness(one)
  };
  function sorted(services, sort) {
    return sort === "health" ? [...services] : services.toSorted(ORDER[sort]);
  }
  function slowness({ now: now2 }) {
    return now2.p95_us ?? (now2.beyond_us === null ? -1 : now2.beyond_us + 1e12);
  }

  // src/screens/home/services.tsx
  var PAGE = 40;
  function ServicesSection(props) {
    const sort = SORTS.find((sort2) => sort2 === props.address.params.get("sort")) ?? "health";
    const first2 = Math.max(0, Number(props.address.params.get("first") ?? 0) || 0);
    return /* @__PURE__ */ a3("section", { class: `section${props.of.answer === null ? " home-services-soon" : ""}`, children: [
      /* @__PURE__ */ a3("h2", { children: "Services" }),
      /* @__PURE__ */ a3(Answer, { of: props.of, what: "services", children: (answer) => answer.services.length === 0 ? /* @__PURE__ */ a3(NoServices, {}) : /* @__PURE__ */ a3(Table, { rows: sorted(answer.services, sort), leftOut: answer.services_left_out, sort, first: first2, cause: props.cause }) })
    ] });
  }
  function NoServices() {
    return /* @__PURE__ */ a3("div", { class: "notice", children: [
      /* @__PURE__ */ a3("p", { children: "No service was seen in this window, although spans are stored." }),
      /* @__PURE__ */ a3("p", { class: "actions", children: ["1h", "6h", "1d", "7d"].map((since) => /* @__PURE__ */ a3("a", { class: "button", href: href("", { since }), children: [
        "Look at ",
        since
      ] }, since)) })
    ] });
  }
  function Table(props) {
    const { rows, first: first2 } = props;
    const shown2 = rows.slice(first2, first2 + PAGE);
    const hasRatio = rows.some(({ complete_ratio }) => complete_ratio != null);
    const heading = (sort, text, isNumber2 = false) => /* @__PURE__ */ a3("th", { class: isNumber2 ? "number" : void 0, "aria-sort": props.sort === sort ? isNumber2 ? "descending" : "ascending" : void 0, children: /* @__PURE__ */ a3("button", { type: "button", class: "sort", onClick: () => amend({ sort: sort === "health" ? null : sort, first: null }), children: [
      text,
      props.sort === sort && /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: " ▾" })
    ] }) });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Services by health", children: /* @__PURE__ */ a3("table", { class: "services cards", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          heading("name", "Service"),
          heading("health", "State and reason"),
          heading("requests", "Requests/s", true),
          heading("errors", "Errors", true),
          heading("p95", "P95", true),
          /* @__PURE__ */ a3("th", { class: "number", children: "Before" }),
          hasRatio && /* @__PURE__ */ a3("th", { class: "number", title: "Of the spans that traces of the service should have, how many are stored", children: "Complete" }),
          /* @__PURE__ */ a3("th", { children: "Hosts" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Seen" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown2.map((row) => /* @__PURE__ */ a3(Row2, { of: row, cause: props.cause, hasRatio }, row.name)) })
      ] }) }),
      (rows.length > PAGE || props.leftOut > 0) && /* @__PURE__ */ a3("p", { class: "small actions", children: [
        /* @__PURE__ */ a3("span", { children: [
          first2 + 1,
          " to ",
          first2 + shown2.length,
          " of ",
          count(rows.length + props.leftOut)
        ] }),
        first2 > 0 && /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ first: Math.max(0, first2 - PAGE) || null }), children: "Earlier" }),
        first2 + PAGE < rows.length && /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ first: first2 + PAGE }), children: [
          "Next ",
          PAGE
        ] }),
        props.leftOut > 0 && /* @__PURE__ */ a3("span", { class: "soft", children: [
          count(props.leftOut),
          " are not listed, no worse than the last one."
        ] })
      ] })
    ] });
  }
  var MAX_HOST = 40;
  var MAX_REASON = 200;
  function short(text, most) {
    return text.length > most ? `${text.slice(0, most)}…` : text;
  }
  var SICK = ["failing", "slow", "not_seen", "fewer_requests"];
  function Row2({ of, cause, hasRatio }) {
    const { now: now2, series } = of;
    const isSick = SICK.includes(of.health);
    const hosts = of.hosts.values.slice(0, 2).map((host) => short(host, MAX_HOST)).join(", ") + (of.hosts.count > 2 ? ` and ${of.hosts.count - 2} more` : "");
    return /* @__PURE__ */ a3("tr", { class: isSick ? "sick" : void 0, children: [
      /* @__PURE__ */ a3("th", { scope: "row", children: /* @__PURE__ */ a3(Service, { name: of.name }) }),
      /* @__PURE__ */ a3("td", { class: "services-state", "data-label": "State", children: [
        /* @__PURE__ */ a3(State, { health: of.health }),
        " ",
        /* @__PURE__ */ a3("span", { class: "services-reason", children: short(reasonOf(of), MAX_REASON) }),
        isSick && /* @__PURE__ */ a3("a", { class: "row-link small", href: href("why", { service: of.name }), "aria-label": `Why is ${of.name} not well`, children: "Why" }),
        /* @__PURE__ */ a3(CauseOf, { of, cause })
      ] }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Requests/s", children: /* @__PURE__ */ a3("span", { class: "with-line", children: [
        now2.estimate != null && "~",
        perSecond(now2.requests_per_second),
        series != null && /* @__PURE__ */ a3(Sparkline, { values: series.requests, says: `Requests over time, ${count(now2.requests)} in all` })
      ] }) }),
      /* @__PURE__ */ a3("td", { class: `number${of.health === "failing" ? " tone-bad" : ""}`, "data-label": "Errors", children: /* @__PURE__ */ a3("span", { class: "with-line", children: [
        now2.requests === 0 ? "–" : rate(now2.error_rate),
        series != null && /* @__PURE__ */ a3(Sparkline, { values: series.errors, says: `Errors over time, ${count(now2.errors)} in all`, tone: "bad", max: 2 })
      ] }) }),
      /* @__PURE__ */ a3("td", { class: `number${of.health === "slow" || of.is_slow_too ? " tone-bad" : ""}`, "data-label": "P95", children: /* @__PURE__ */ a3("span", { class: "with-line", children: [
        p95(now2),
        series != null && /* @__PURE__ */ a3(Sparkline, { values: series.p95_us, says: `P95 over time, now ${p95(now2)}`, tone: of.health === "slow" ? "bad" : "plain" })
      ] }) }),
      /* @__PURE__ */ a3("td", { class: "number soft", "data-label": "P95 before", children: of.before === null ? "–" : p95(of.before) }),
      hasRatio && /* @__PURE__ */ a3("td", { class: "number", "data-label": "Complete", children: of.complete_ratio == null ? /* @__PURE__ */ a3("span", { class: "soft", title: "Not known", children: "–" }) : percent(of.complete_ratio) }),
      /* @__PURE__ */ a3("td", { "data-label": "Hosts", children: hosts === "" ? "–" : hosts }),
      /* @__PURE__ */ a3("td", { class: "number soft", "data-label": "Seen", children: of.last_seen_unix_us === null ? "–" : ago(of.last_seen_unix_us) })
    ] });
  }
  function CauseOf({ of, cause }) {
    if (cause === null) return null;
    if (cause.service === of.name) return /* @__PURE__ */ a3("span", { class: "services-cause", children: [
      "The cause is here: ",
      cause.component
    ] });
    return cause.component.startsWith(`${of.name} → `) ? /* @__PURE__ */ a3("span", { class: "services-cause", children: [
      "It waits for ",
      cause.service,
      ", the cause"
    ] }) : null;
  }

  // src/parts/failure.ts
  function failureOf(failure) {
    const what = failure.exception_message ?? failure.message ?? failure.exception_type ?? failure.error_type ?? (failure.status_code === null ? null : `status ${failure.status_code}`);
    const host = failure.host ?? failure.pod;
    return `${failure.service} ${failure.operation}${what === null || what === "" ? " failed" : `: ${what}`}${host === null ? "" : `, on ${host}`}`;
  }

  // src/parts/short-traces.tsx
  function ShortTraces(props) {
    const { traces } = props.of;
    if (traces.length === 0) return /* @__PURE__ */ a3("p", { class: "soft", children: props.none });
    return /* @__PURE__ */ a3("ol", { class: "traces-short", children: traces.map((trace) => /* @__PURE__ */ a3(Row3, { of: trace }, trace.trace_id)) });
  }
  function Row3({ of }) {
    const times2 = useTimes();
    const because = of.failure === null ? of.root_cause ?? null : failureOf(of.failure);
    return /* @__PURE__ */ a3("li", { children: [
      /* @__PURE__ */ a3("a", { class: "row-link trace-link", href: href("trace", { id: of.trace_id }), children: [
        /* @__PURE__ */ a3("span", { class: "trace-time number", children: duration(of.duration_us) }),
        /* @__PURE__ */ a3("span", { class: "trace-root", children: [
          of.root_service !== null && /* @__PURE__ */ a3("span", { class: "soft", children: [
            of.root_service,
            " "
          ] }),
          of.root_operation
        ] })
      ] }),
      /* @__PURE__ */ a3("span", { class: "trace-why small", children: [
        of.error_count > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
          "✕ ",
          counted(of.error_count, "error"),
          " "
        ] }),
        because ?? /* @__PURE__ */ a3("span", { class: "soft", children: noCause(of) }),
        of.usual_us !== null && because !== null && of.failure === null && /* @__PURE__ */ a3("span", { class: "soft", children: [
          " · usual up to ",
          duration(of.usual_us)
        ] }),
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          " · ",
          times2.short(of.start_time_unix_us)
        ] })
      ] })
    ] });
  }
  function noCause({ usual_us, duration_us }) {
    if (usual_us === null) return "how long it usually takes is not known";
    return duration_us <= usual_us ? `no slower than usual (up to ${duration(usual_us)})` : `slower than usual (up to ${duration(usual_us)}), no single cause`;
  }

  // src/screens/home/traces.tsx
  var SHOWN = 5;
  function TracesSection({ window }) {
    const slowest = useAnswer("traces", { ...window.ask, sort: "slowest", causes: true, limit: SHOWN });
    const failing2 = useAnswer("traces", { ...window.ask, status: "error", limit: SHOWN });
    return /* @__PURE__ */ a3("div", { class: "home-traces", children: [
      /* @__PURE__ */ a3(List, { title: "Slowest traces", of: slowest, all: href("traces", { sort: "slowest" }), none: "No trace started in this window." }),
      /* @__PURE__ */ a3(List, { title: "Failing traces, newest first", of: failing2, all: href("traces", { q: "status:error" }), none: "No trace of this window has a failed span." })
    ] });
  }
  function List(props) {
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h2", { children: props.title }),
        /* @__PURE__ */ a3("a", { class: "small", href: props.all, "aria-label": `All: ${props.title}`, children: "All" })
      ] }),
      /* @__PURE__ */ a3(Answer, { of: props.of, what: props.title.toLowerCase(), children: (list) => /* @__PURE__ */ a3(ShortTraces, { of: list, none: props.none }) })
    ] });
  }

  // src/parts/suspect.ts
  var CALLED = {
    own: "takes longer itself",
    error: "fails, although nothing that it calls fails",
    missing: "has a caller that stops early, before or after this call",
    edge: "takes longer to be reached by its caller",
    leaf: "responds more slowly to a call",
    queue: "starts requests later, which wait in its queue",
    repeated: "is called repeatedly within one request",
    more_often: "is called in more requests than before",
    new: "receives a call that was not made before"
  };
  var CALLING = {
    edge: "takes longer to reach the service that it calls",
    leaf: "waits longer for the response to a call",
    repeated: "repeats a call within one request",
    more_often: "makes a call in more requests than before",
    new: "makes a call that was not made before"
  };
  function does(suspect) {
    const { kind, component, service } = suspect;
    if (kind === "missing" && !component.includes(` → ${service} `)) return "stops before calls that it made before";
    const isCaller = component.startsWith(`${service} → `);
    return (isCaller ? CALLING[kind] : void 0) ?? CALLED[kind];
  }
  function differenceOf(suspect) {
    const { kind, rates, times: times2 } = suspect;
    if (rates !== null) {
      const part3 = (rate2) => percent(rate2.of > 0 ? rate2.count / rate2.of : 0);
      const of = kind === "error" ? "of its requests fail" : "of requests";
      return { before: part3(rates.before), now: part3(rates.now), of };
    }
    if (times2 === null) return null;
    return { before: duration(times2.before_us), now: duration(times2.now_us), of: "in each trace" };
  }
  function callerOf(suspect) {
    const [caller, callee] = suspect.component.split(" → ");
    return callee !== void 0 && caller !== void 0 && caller !== suspect.service ? caller : null;
  }
  function operationOf(suspect) {
    const callee = suspect.component.split(" → ").slice(1).join(" → ");
    const start = `${suspect.service} `;
    return callee.startsWith(start) ? callee.slice(start.length) : suspect.component;
  }
  var KEYS = {
    "host.name": "host",
    "service.version": "version",
    "k8s.pod.name": "pod",
    "service.instance.id": "instance",
    "k8s.node.name": "node"
  };
  function placesOf(standouts) {
    const explain = standouts.filter((found) => found.explains).slice(0, 2);
    return explain.length > 0 ? explain : standouts.filter((found) => KEYS[found.key] !== void 0 && found.affected > found.others).slice(0, 1);
  }
  function valueOf(found) {
    return [found, ...found.also].map(({ key, value }) => KEYS[key] === void 0 ? `${key}=${value}` : `${KEYS[key]} ${value}`).join(", ");
  }

  // src/screens/home/cause.tsx
  var MAX_HOSTS = 4;
  function Cause(props) {
    const { answer, error } = props.of;
    const first2 = answer?.verdict === "cause" ? answer.ranking[0] : void 0;
    if (answer !== null && first2 !== void 0) return /* @__PURE__ */ a3(Named, { why: answer, suspect: first2, services: props.services });
    return /* @__PURE__ */ a3("div", { class: "home-cause", "aria-busy": answer === null && error === null, children: [
      /* @__PURE__ */ a3("h2", { children: answer === null ? error === null ? "Looking for the cause…" : "What is not well" : answer.verdict === "no_cause" ? "No single cause" : "Not enough evidence for a cause" }),
      answer !== null && /* @__PURE__ */ a3("p", { children: [
        answer.reason.slice(0, 1).toUpperCase(),
        answer.reason.slice(1),
        "."
      ] }),
      props.details !== "" && /* @__PURE__ */ a3("p", { children: props.details }),
      error !== null && error.status !== 403 && /* @__PURE__ */ a3(Failure, { error, retry: props.of.retry }),
      answer !== null && /* @__PURE__ */ a3("p", { class: "actions", children: /* @__PURE__ */ a3("a", { class: "button", href: href("why"), children: "What was compared" }) })
    ] });
  }
  function Named(props) {
    const times2 = useTimes();
    const { why, suspect } = props;
    const difference3 = differenceOf(suspect);
    const caller = callerOf(suspect);
    const began = why.began_unix_us;
    const proof = suspect.evidence[0];
    const asked2 = props.services.services.find(({ name }) => name === (caller ?? suspect.service));
    const known = props.services.services.some(({ name }) => name === suspect.service);
    const wouldBe = why.counterfactual_p95_us < why.p95_us && duration(why.p95_us) !== duration(why.counterfactual_p95_us);
    return /* @__PURE__ */ a3("div", { class: "home-cause", children: [
      /* @__PURE__ */ a3("h2", { class: "tone-bad", children: [
        /* @__PURE__ */ a3("span", { class: "mark", "aria-hidden": "true", children: "✕" }),
        " The cause"
      ] }),
      /* @__PURE__ */ a3("p", { class: "home-name", children: [
        suspect.or_service !== null && /* @__PURE__ */ a3($, { children: [
          "between ",
          suspect.or_service,
          " and "
        ] }),
        known ? /* @__PURE__ */ a3("a", { href: href("service", { name: suspect.service }), children: suspect.service }) : /* @__PURE__ */ a3("strong", { children: suspect.service }),
        " ",
        /* @__PURE__ */ a3("span", { children: [
          does(suspect),
          ":"
        ] }),
        " ",
        /* @__PURE__ */ a3("code", { children: operationOf(suspect) })
      ] }),
      /* @__PURE__ */ a3("dl", { class: "facts", children: [
        difference3 !== null && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Change" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("span", { class: "soft", children: difference3.before }),
            " → ",
            /* @__PURE__ */ a3("strong", { children: difference3.now }),
            " ",
            difference3.of,
            why.slowdown_us > 0 && suspect.kind !== "error" && /* @__PURE__ */ a3($, { children: [
              ", ",
              percent(suspect.share),
              " of the added time"
            ] })
          ] })
        ] }),
        began !== null && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Since" }),
          /* @__PURE__ */ a3("dd", { children: [
            times2.short(began),
            " ",
            /* @__PURE__ */ a3("span", { class: "soft", children: [
              "(",
              ago(began),
              ")"
            ] })
          ] })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Where" }),
          /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Where, { why, hosts: asked2?.hosts, caller, isFailing: suspect.kind === "error" }) })
        ] }),
        wouldBe && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "P95" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("strong", { children: duration(why.p95_us) }),
            ", without this ",
            duration(why.counterfactual_p95_us),
            " ",
            /* @__PURE__ */ a3("span", { class: "soft", children: "(all requests)" })
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "actions", children: [
        /* @__PURE__ */ a3("a", { class: "button button-first", href: href("why"), children: "Why, with the evidence" }),
        proof !== void 0 && /* @__PURE__ */ a3("a", { class: "button", href: href("trace", { id: proof.trace_id, span: proof.span_id }), children: "See it in a trace" }),
        proof !== void 0 && /* @__PURE__ */ a3("a", { class: "button", href: href("compare", { a: proof.trace_id }), children: "Beside healthy traces" })
      ] }),
      why.further_causes.length > 0 && /* @__PURE__ */ a3("ul", { class: "small", children: why.further_causes.map((further) => /* @__PURE__ */ a3("li", { children: [
        "Another cause: ",
        /* @__PURE__ */ a3("strong", { children: further.service }),
        " ",
        does(further),
        " (",
        /* @__PURE__ */ a3("code", { children: operationOf(further) }),
        ")"
      ] }, further.component)) })
    ] });
  }
  function Where(props) {
    const places = placesOf(props.why.standouts);
    const calledBy = props.caller === null ? null : /* @__PURE__ */ a3($, { children: [
      ", called by ",
      /* @__PURE__ */ a3("a", { href: href("service", { name: props.caller }), children: props.caller })
    ] });
    if (places.length > 0) {
      const calls2 = props.isFailing ? "failing" : "slow";
      return /* @__PURE__ */ a3($, { children: [
        places.map((found, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && "; ",
          /* @__PURE__ */ a3("strong", { children: valueOf(found) }),
          ": ",
          percent(found.affected),
          " of the ",
          calls2,
          " calls, ",
          percent(found.others),
          " of the others"
        ] }, found.key)),
        calledBy
      ] });
    }
    const values2 = props.hosts?.values ?? [];
    if (props.hosts === void 0 || values2.length === 0) return /* @__PURE__ */ a3($, { children: [
      "no host or version stands out",
      calledBy
    ] });
    const shown2 = values2.slice(0, MAX_HOSTS);
    const more = props.hosts.count - shown2.length;
    const names = `${shown2.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    if (props.caller !== null) return /* @__PURE__ */ a3($, { children: [
      "called by ",
      /* @__PURE__ */ a3("a", { href: href("service", { name: props.caller }), children: props.caller }),
      " on ",
      /* @__PURE__ */ a3("strong", { children: names }),
      "; no host stands out"
    ] });
    return props.hosts.count === 1 ? /* @__PURE__ */ a3($, { children: [
      "host ",
      /* @__PURE__ */ a3("strong", { children: names }),
      ", the only one"
    ] }) : /* @__PURE__ */ a3($, { children: [
      "hosts ",
      /* @__PURE__ */ a3("strong", { children: names }),
      ": none stands out"
    ] });
  }

  // src/screens/home/wrong.tsx
  var MAX_CHANGES = 5;
  var MARKS = {
    slower: { mark: "✕", tone: "bad" },
    errors: { mark: "✕", tone: "bad" },
    missing_child: { mark: "✕", tone: "bad" },
    retry_storm: { mark: "✕", tone: "bad" },
    n_plus_one: { mark: "!", tone: "warn" },
    more_often: { mark: "!", tone: "warn" },
    new_call: { mark: "+", tone: "warn" },
    new_edge: { mark: "+", tone: "warn" },
    vanished_edge: { mark: "−", tone: "warn" }
  };
  function headline(services, isUnknown = false) {
    if (services === null) return [isUnknown ? "What is wrong is not known" : "What is wrong", ""];
    const { verdict } = services;
    const many = /^([\d,]+ of [\d,]+ services (?:is|are) not well): ([\s\S]*)$/.exec(verdict);
    if (many?.[1] !== void 0 && many[2] !== void 0) return [many[1], many[2]];
    const first2 = /^(.+?[^.\d])[.:](?: ([\s\S]*))?$/.exec(verdict);
    return [first2?.[1] ?? verdict, first2?.[2] ?? ""];
  }
  function Wrong(props) {
    const { services, anomalies, why } = props;
    const cause = why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null;
    const isWell2 = services.answer !== null && anomalies.answer !== null && !props.hasChange;
    const tone = props.hasChange ? " home-bad" : isWell2 ? " home-well" : "";
    return /* @__PURE__ */ a3("section", { class: `home-wrong${tone}`, "aria-label": "What is wrong", children: [
      /* @__PURE__ */ a3("div", { class: "home-first", children: services.answer !== null && services.isCurrent ? /* @__PURE__ */ a3(First, { ...props, services: services.answer }) : /* @__PURE__ */ a3(Answer, { of: services, what: "services", children: (old) => /* @__PURE__ */ a3(First, { ...props, services: old }) }) }, "first"),
      /* @__PURE__ */ a3("div", { class: "home-changes", children: [
        /* @__PURE__ */ a3("h2", { children: cause === null ? "What changed" : "What else changed" }),
        /* @__PURE__ */ a3(Answer, { of: anomalies, what: "changes", children: (found) => /* @__PURE__ */ a3(Changes, { of: found, cause }) })
      ] }, "changes")
    ] });
  }
  function First(props) {
    return props.hasChange ? /* @__PURE__ */ a3(Cause, { of: props.why, services: props.services, details: props.details }) : /* @__PURE__ */ a3(Well, { details: props.details, services: props.services });
  }
  function Well(props) {
    const { services } = props.services;
    const requests = services.reduce((sum, { now: now2 }) => sum + now2.requests, 0);
    const errors = services.reduce((sum, { now: now2 }) => sum + now2.errors, 0);
    const perSec = services.reduce((sum, { now: now2 }) => sum + now2.requests_per_second, 0);
    const slowest = services.toSorted((one, other) => (other.now.p95_us ?? 0) - (one.now.p95_us ?? 0))[0];
    const failing2 = services.toSorted((one, other) => other.now.error_rate - one.now.error_rate)[0];
    return /* @__PURE__ */ a3("div", { class: "home-cause", children: [
      /* @__PURE__ */ a3("h2", { children: "Services" }),
      /* @__PURE__ */ a3("p", { children: props.details === "" ? "No service is slow, failing or missing, as far as what was stored shows." : props.details }),
      /* @__PURE__ */ a3("dl", { class: "facts", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Served" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("strong", { children: perSecond(perSec) }),
            " requests per second, ",
            count(requests),
            " in all"
          ] })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Errors" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("strong", { children: requests === 0 ? "–" : rate(errors / requests) }),
            failing2 !== void 0 && failing2.now.errors > 0 && /* @__PURE__ */ a3($, { children: [
              ", most at ",
              /* @__PURE__ */ a3("a", { href: href("service", { name: failing2.name }), children: failing2.name }),
              " (",
              rate(failing2.now.error_rate),
              ")"
            ] })
          ] })
        ] }),
        slowest?.now.p95_us != null && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Slowest" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("a", { href: href("service", { name: slowest.name }), children: slowest.name }),
            ", P95 ",
            /* @__PURE__ */ a3("strong", { children: p95(slowest.now) }),
            slowest.before !== null && /* @__PURE__ */ a3("span", { class: "soft", children: [
              " (",
              p95(slowest.before),
              " before)"
            ] })
          ] })
        ] })
      ] })
    ] });
  }
  function Changes(props) {
    const times2 = useTimes();
    const { of, cause } = props;
    const isCause = ({ service, component }) => cause !== null && service === cause.service && component === cause.component;
    const changes = of.anomalies.filter((change2) => !isCause(change2));
    const shown2 = changes.slice(0, MAX_CHANGES);
    const more = changes.length - shown2.length + of.left_out;
    return /* @__PURE__ */ a3($, { children: [
      shown2.length === 0 && /* @__PURE__ */ a3("p", { children: nothing(of, cause !== null) }),
      /* @__PURE__ */ a3("ul", { class: "changes", children: shown2.map((change2) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("span", { class: `mark tone-${MARKS[change2.kind].tone}`, "aria-hidden": "true", children: MARKS[change2.kind].mark }),
        /* @__PURE__ */ a3("span", { class: "change-text", children: change2.title ?? `${change2.service}: ${change2.component}` }),
        /* @__PURE__ */ a3(Proof, { of: change2 })
      ] }, `${change2.kind} ${change2.service} ${change2.component}`)) }),
      more > 0 && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "And ",
        count(more),
        " more with lower scores."
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: [
        count(of.traces),
        " traces compared with ",
        count(of.baseline_traces),
        " from before",
        of.began_unix_us !== null && /* @__PURE__ */ a3($, { children: [
          " ",
          times2.short(of.began_unix_us)
        ] }),
        of.cut && ", a sample of all",
        ".",
        of.stored_since_unix_us !== null && /* @__PURE__ */ a3($, { children: [
          " Spans are stored since ",
          ago(of.stored_since_unix_us),
          " only."
        ] })
      ] })
    ] });
  }
  function nothing(of, hasCause) {
    if (of.traces === 0) return "No trace started in this window: nothing can be said.";
    if (of.baseline_traces === 0) return "There are no traces from before to compare with.";
    if (hasCause) return "Nothing else is otherwise than before.";
    return sentence(of.summary);
  }
  function Proof({ of }) {
    const isEdge = of.kind === "new_edge" || of.kind === "vanished_edge";
    const first2 = of.evidence[0];
    return /* @__PURE__ */ a3("span", { class: "actions", children: [
      isEdge ? /* @__PURE__ */ a3("a", { class: "button small", href: href("map", { focus: of.service, diff: "1h" }), "aria-label": `Map around ${of.service}`, children: "Map" }) : /* @__PURE__ */ a3("a", { class: "button small", href: href("why", { service: of.service }), "aria-label": `Why ${of.service}`, children: "Why" }),
      first2 !== void 0 && /* @__PURE__ */ a3("a", { class: "button small", href: href("trace", { id: first2.trace_id, span: first2.span_id }), "aria-label": `A trace that shows it, of ${of.service}`, children: "Trace" })
    ] });
  }

  // src/screens/home/home.tsx
  var POINTS = 60;
  function Home({ address, window }) {
    const windows = { ...window.ask, baseline: "1h", find_beginning: window.isDefault };
    const services = useAnswer("services", { ...windows, points: POINTS });
    const anomalies = useAnswer("anomalies", windows);
    const isSick = services.answer?.services.some(({ health }) => health !== "well" && health !== "unknown") === true;
    const hasChange = isSick || services.answer?.cause != null || (anomalies.answer?.anomalies.length ?? 0) > 0;
    const why = useAnswer("why", services.answer !== null && hasChange ? windows : null);
    const isReady = services.answer !== null || services.error !== null;
    const maySeeStatus = useMay("status.read");
    const status = useAnswer("status", isReady && maySeeStatus === true ? {} : null);
    const [title, details] = headline(services.answer, services.error !== null);
    useTitle(title);
    useListKeys("Home", ".services th a, .home .changes a, .home .traces-short a");
    if (services.answer?.services.length === 0 && status.answer?.store.spans === 0) {
      return /* @__PURE__ */ a3(NothingYet, { status });
    }
    return /* @__PURE__ */ a3("div", { class: "home", children: [
      /* @__PURE__ */ a3("div", { class: "home-head", children: [
        /* @__PURE__ */ a3("h1", { children: title }),
        /* @__PURE__ */ a3("p", { class: "home-when soft", children: [
          window.label,
          ", against the hour before",
          services.answer?.began_unix_us != null && " the change",
          maySeeStatus !== false && /* @__PURE__ */ a3($, { children: [
            " · ",
            /* @__PURE__ */ a3(AgentsLine, { of: status })
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a3(Wrong, { services, anomalies, why, details, hasChange }),
      /* @__PURE__ */ a3(Gaps, { coverage: services.answer?.coverage }),
      (services.answer !== null || services.error === null) && /* @__PURE__ */ a3(ServicesSection, { of: services, address, cause: why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null, window }),
      isReady && /* @__PURE__ */ a3(TracesSection, { window }),
      isReady && maySeeStatus === true && /* @__PURE__ */ a3(AgentsSection, { of: status, untraced: services.answer?.untraced ?? [] }),
      isReady && /* @__PURE__ */ a3(Command, { text: command("coral services", [], window.flags) })
    ] });
  }

  // src/screens/map/changes.ts
  var CHANGES = ["failing", "slower", "added", "removed"];
  var CHANGE_WORDS = {
    failing: { word: "failing", mark: "✕", tone: "bad" },
    slower: { word: "slower", mark: "▲", tone: "bad" },
    added: { word: "new", mark: "+", tone: "warn" },
    removed: { word: "gone", mark: "−", tone: "warn" }
  };
  function keyOf(edge) {
    return JSON.stringify([edge.from, edge.to, edge.protocol]);
  }
  function calls(map) {
    const { diff } = map;
    const changes = /* @__PURE__ */ new Map();
    const add = (edge, change2, says, short2) => {
      const key = keyOf(edge);
      changes.set(key, [...changes.get(key) ?? [], { change: change2, says, short: short2 }]);
    };
    for (const edge of diff?.failing ?? []) {
      const short2 = `${failed(edge.errors_before, edge.calls_before)} → ${failed(edge.errors, edge.calls)}`;
      add(edge, "failing", `${short2} failed`, short2);
    }
    for (const edge of diff?.slower ?? []) {
      const isP95 = edge.p95_us * edge.p50_us_before >= edge.p50_us * edge.p95_us_before;
      const [before2, now2] = isP95 ? [edge.p95_us_before, edge.p95_us] : [edge.p50_us_before, edge.p50_us];
      const short2 = `${duration(before2)} → ${duration(now2)}`;
      add(edge, "slower", `${isP95 ? "P95" : "P50"} ${short2}`, short2);
    }
    for (const edge of diff?.added ?? []) add(edge, "added", counted(edge.calls, "call"), counted(edge.calls, "call"));
    for (const edge of diff?.removed ?? []) add(edge, "removed", `${counted(edge.calls, "call")} before`, "");
    const all = [...map.edges, ...diff?.removed ?? []];
    const list = all.map((edge) => ({ key: keyOf(edge), edge, changes: changes.get(keyOf(edge)) ?? [] }));
    return list.sort((a4, b2) => urgency(a4) - urgency(b2) || b2.edge.calls - a4.edge.calls);
  }
  function urgency(call) {
    const first2 = call.changes[0]?.change;
    return first2 === void 0 ? CHANGES.length : CHANGES.indexOf(first2);
  }
  function isRemoved(call) {
    return call.changes.some(({ change: change2 }) => change2 === "removed");
  }
  function summary(calls2) {
    const parts = [];
    for (const change2 of CHANGES) {
      const number = calls2.filter((call) => call.changes.some((one) => one.change === change2)).length;
      if (number === 0) continue;
      const noun = parts.length === 0 ? counted(number, "call") : String(number);
      parts.push(`${noun} ${number === 1 ? "is" : "are"} ${CHANGE_WORDS[change2].word}`);
    }
    return parts.join(", ");
  }
  function failed(errors, calls2) {
    return rate(calls2 === 0 ? 0 : errors / calls2);
  }

  // src/screens/map/icons.tsx
  var KIND_WORDS = { service: "service", database: "database", queue: "queue", external: "external host" };
  function KindIcon({ kind }) {
    switch (kind) {
      case "service":
        return /* @__PURE__ */ a3("path", { class: "map-icon", d: "M8 1 14 4.5v7L8 15 2 11.5v-7Z" });
      case "database":
        return /* @__PURE__ */ a3("path", { class: "map-icon", d: "M2 4c0-4 12-4 12 0v8c0 4-12 4-12 0Zm0 0c0 3.6 12 3.6 12 0M2 8c0 3.6 12 3.6 12 0" });
      case "queue":
        return /* @__PURE__ */ a3("path", { class: "map-icon", d: "M1 4h14v8H1Zm4.7 0v8m4.6-8v8" });
      case "external":
        return /* @__PURE__ */ a3("path", { class: "map-icon", d: "M8 1a7 7 0 1 0 0 14A7 7 0 1 0 8 1ZM1 8h14M8 1c-4.5 4-4.5 10 0 14 4.5-4 4.5-10 0-14" });
    }
  }
  function Kind({ kind }) {
    return /* @__PURE__ */ a3("svg", { class: "map-kind", viewBox: "0 0 16 16", width: "14", height: "14", role: "img", "aria-label": KIND_WORDS[kind], children: /* @__PURE__ */ a3(KindIcon, { kind }) });
  }

  // src/screens/map/traces-of.ts
  function tracesOf({ edge, changes }, kinds, only) {
    const isService = (kinds.get(edge.to) ?? "service") === "service";
    const isMessage = kinds.get(edge.to) === "queue";
    const conditions = [
      `service:${quoted(isService ? edge.to : edge.from)}`,
      isService ? "" : isMessage ? "kind:producer" : "kind:client",
      only === "failed" || changes.some(({ change: change2 }) => change2 === "failing") ? "status:error" : ""
    ];
    const isSlower = changes.some(({ change: change2 }) => change2 === "slower");
    return { q: conditions.filter(Boolean).join(" "), sort: isSlower ? "slowest" : null };
  }

  // src/screens/map/chosen.tsx
  function ChosenNode({ name, kind, state, calls: calls2, isFocus, choose }) {
    const callers = calls2.filter((call) => call.edge.to === name);
    const callees = calls2.filter((call) => call.edge.from === name);
    return /* @__PURE__ */ a3("section", { class: "card map-chosen", "aria-label": "The chosen node", children: [
      /* @__PURE__ */ a3(Close, {}),
      /* @__PURE__ */ a3("h2", { children: [
        /* @__PURE__ */ a3(Kind, { kind }),
        " ",
        name
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: [
        KIND_WORDS[kind],
        state && /* @__PURE__ */ a3($, { children: [
          " · ",
          /* @__PURE__ */ a3(State, { health: state.health })
        ] })
      ] }),
      state && state.now.requests > 0 && /* @__PURE__ */ a3("p", { children: [
        perSecond(state.now.requests_per_second),
        " requests a second, ",
        rate(state.now.error_rate),
        " failed, P95 ",
        percentile(state.now.p95_us, state.now.exact, state.now.beyond_us),
        state.before?.p95_us != null && /* @__PURE__ */ a3("span", { class: "soft", children: [
          " (before: ",
          duration(state.before.p95_us),
          ")"
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "actions", children: [
        kind === "service" && /* @__PURE__ */ a3("a", { class: "button button-first", href: href("why", { service: name }), children: "Why" }),
        kind === "service" && /* @__PURE__ */ a3("a", { class: "button", href: href("service", { name }), children: "Service" }),
        kind === "service" && /* @__PURE__ */ a3("a", { class: "button", href: href("traces", { q: `service:${quoted(name)}` }), children: "Traces" }),
        isFocus ? /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ focus: null, depth: null }), children: "Whole map" }) : /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ focus: name, page: null }), children: "Only its neighbours" })
      ] }),
      /* @__PURE__ */ a3(Calls, { title: "Called by", calls: callers, end: "from", choose }),
      /* @__PURE__ */ a3(Calls, { title: "Calls", calls: callees, end: "to", choose })
    ] });
  }
  var MAX_CALLS = 12;
  function Calls(props) {
    if (props.calls.length === 0) return /* @__PURE__ */ a3("p", { class: "soft small", children: [
      props.title,
      " nothing that is known."
    ] });
    const shown2 = props.calls.slice(0, MAX_CALLS);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h3", { children: props.title }),
      /* @__PURE__ */ a3("ul", { class: "map-calls", children: shown2.map((call) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("button", { type: "button", class: "map-link", onClick: () => props.choose(call), children: call.edge[props.end] }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft small", children: [
          call.edge.protocol,
          ", ",
          isRemoved(call) ? "gone" : `${count(call.edge.calls)} calls, P95 ${duration(call.edge.p95_us)}`
        ] })
      ] }, call.key)) }),
      props.calls.length > shown2.length && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "and ",
        props.calls.length - shown2.length,
        " more, in the table"
      ] })
    ] });
  }
  function ChosenCall({ call, kinds }) {
    const { edge, changes } = call;
    return /* @__PURE__ */ a3("section", { class: "card map-chosen", "aria-label": "The chosen calls", children: [
      /* @__PURE__ */ a3(Close, {}),
      /* @__PURE__ */ a3("h2", { children: [
        /* @__PURE__ */ a3("span", { class: "isolate", children: edge.from }),
        " → ",
        /* @__PURE__ */ a3("span", { class: "isolate", children: edge.to })
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: edge.protocol }),
      changes.map(({ change: change2, says }) => /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3(Mark, { ...CHANGE_WORDS[change2] }),
        " ",
        says
      ] }, change2)),
      /* @__PURE__ */ a3("dl", { class: "map-facts", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: isRemoved(call) ? "Calls before" : "Calls" }),
          /* @__PURE__ */ a3("dd", { children: count(edge.calls) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Failed" }),
          /* @__PURE__ */ a3("dd", { children: [
            count(edge.errors),
            " (",
            failed(edge.errors, edge.calls),
            ")"
          ] })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "P50" }),
          /* @__PURE__ */ a3("dd", { children: percentile(edge.p50_us, edge.exact, null) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "P95" }),
          /* @__PURE__ */ a3("dd", { children: percentile(edge.p95_us, edge.exact, null) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "P99" }),
          /* @__PURE__ */ a3("dd", { children: percentile(edge.p99_us, edge.exact, null) })
        ] })
      ] }),
      edge.estimate?.sampling_ratio != null && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "Only ",
        rate(edge.estimate.sampling_ratio),
        " of the calls are recorded."
      ] }),
      /* @__PURE__ */ a3("p", { class: "actions", children: [
        !isRemoved(call) && /* @__PURE__ */ a3("a", { class: "button button-first", href: href("traces", tracesOf(call, kinds)), children: "Traces of these calls" }),
        !isRemoved(call) && edge.errors > 0 && /* @__PURE__ */ a3("a", { class: "button", href: href("traces", tracesOf(call, kinds, "failed")), children: "Failed ones" }),
        /* @__PURE__ */ a3("a", { class: "button", href: href("why", { service: edge.from }), children: [
          "Why is ",
          edge.from,
          " slow?"
        ] })
      ] })
    ] });
  }
  function Close() {
    return /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon map-close", "aria-label": "Close", onClick: () => amend({ node: null, caller: null, callee: null, protocol: null }), children: "✕" });
  }

  // src/screens/map/controls.tsx
  var BEFORE = [
    { length: "15m", label: "the 15 minutes before" },
    { length: "1h", label: "the hour before" },
    { length: "6h", label: "the 6 hours before" },
    { length: "1d", label: "the day before" },
    { length: "7d", label: "the 7 days before" },
    { length: "off", label: "nothing" }
  ];
  function Controls({ about: about2, names }) {
    const { diff, focus, depth, isOnlyChanges, isTableOnly, zoom } = about2;
    return /* @__PURE__ */ a3("div", { class: "map-controls", children: [
      /* @__PURE__ */ a3("label", { children: [
        /* @__PURE__ */ a3("span", { children: "Against" }),
        /* @__PURE__ */ a3("select", { value: diff ?? "off", onChange: (event) => amend({ diff: event.currentTarget.value === "1h" ? null : event.currentTarget.value, page: null }), children: [
          BEFORE.map(({ length, label }) => /* @__PURE__ */ a3("option", { value: length, children: label }, length)),
          diff !== null && !BEFORE.some(({ length }) => length === diff) && /* @__PURE__ */ a3("option", { value: diff, children: [
            "the ",
            diff,
            " before"
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a3("label", { children: [
        /* @__PURE__ */ a3("span", { children: "Focus" }),
        /* @__PURE__ */ a3("select", { value: focus ?? "", onChange: (event) => amend({ focus: event.currentTarget.value, depth: null, node: null, page: null }), children: [
          /* @__PURE__ */ a3("option", { value: "", children: "the whole map" }),
          (focus === null || names.includes(focus) ? names : [focus, ...names]).map((name) => /* @__PURE__ */ a3("option", { value: name, children: name }, name))
        ] })
      ] }),
      focus !== null && /* @__PURE__ */ a3("label", { children: [
        /* @__PURE__ */ a3("span", { children: "Calls away" }),
        /* @__PURE__ */ a3("select", { value: String(depth), onChange: (event) => amend({ depth: event.currentTarget.value === "1" ? null : event.currentTarget.value }), children: [1, 2, 3, 4, 5].map((depth2) => /* @__PURE__ */ a3("option", { value: depth2, children: depth2 }, depth2)) })
      ] }),
      diff !== null && /* @__PURE__ */ a3("label", { class: "check", children: [
        /* @__PURE__ */ a3("input", { type: "checkbox", checked: isOnlyChanges, onChange: (event) => amend({ changes: event.currentTarget.checked, page: null }, "replace") }),
        " Only changes"
      ] }),
      /* @__PURE__ */ a3("span", { class: "map-zoom", children: [
        /* @__PURE__ */ a3("button", { type: "button", class: "icon", "aria-pressed": isTableOnly, onClick: () => amend({ view: isTableOnly ? null : "table" }), children: "Table only" }),
        !isTableOnly && /* @__PURE__ */ a3($, { children: [
          /* @__PURE__ */ a3("button", { type: "button", class: "icon", "aria-label": "Smaller", title: "Smaller (−)", onClick: () => zoomBy(zoom, 1 / 1.25), children: "−" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "icon", "aria-label": "Larger", title: "Larger (+)", onClick: () => zoomBy(zoom, 1.25), children: "+" }),
          /* @__PURE__ */ a3("button", { type: "button", disabled: zoom === null, title: "Fit (0)", onClick: () => amend({ zoom: null }, "replace"), children: "Fit" })
        ] })
      ] })
    ] });
  }
  function zoomBy(zoom, by) {
    const next = Math.min(4, Math.max(0.25, (zoom ?? 1) * by));
    amend({ zoom: next.toFixed(2) }, "replace");
  }

  // src/screens/map/lacks.tsx
  function Lacks({ map }) {
    const alone = map.nodes.filter(({ name }) => !map.edges.some((edge) => edge.from === name || edge.to === name));
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "What this is made of" }),
      /* @__PURE__ */ a3("ul", { class: "map-lacks", children: [
        /* @__PURE__ */ a3("li", { children: [
          counted(map.traces, "trace"),
          ", ",
          counted(map.spans, "span"),
          map.diff && /* @__PURE__ */ a3($, { children: [
            "; compared with ",
            counted(map.diff.traces, "trace"),
            " before"
          ] }),
          "."
        ] }),
        map.orphan_spans > 0 && /* @__PURE__ */ a3("li", { children: [
          counted(map.orphan_spans, "span"),
          " without a stored parent: the calls that led there are unknown, or are listed under an address."
        ] }),
        map.unnamed_calls > 0 && /* @__PURE__ */ a3("li", { children: [
          counted(map.unnamed_calls, "call"),
          " without a known callee."
        ] }),
        map.calls_left_out > 0 && /* @__PURE__ */ a3("li", { children: [
          counted(map.calls_left_out, "call"),
          " left out, because the map has too many edges."
        ] }),
        alone.length > 0 && /* @__PURE__ */ a3("li", { children: [
          "Services with spans, but without known callers or calls: ",
          alone.map(({ name }) => name).join(", "),
          "."
        ] }),
        map.cycles.map((cycle) => /* @__PURE__ */ a3("li", { children: cycle.length === 1 ? `${cycle[0]} calls itself.` : `${cycle.join(", ")} call each other.` }, cycle.join("\0"))),
        (map.sampled ?? []).map(({ agent_id, services }) => /* @__PURE__ */ a3("li", { children: [
          "Agent ",
          agent_id,
          " records only a share of the traces of ",
          services.join(", "),
          "."
        ] }, agent_id))
      ] }),
      /* @__PURE__ */ a3(Gaps, { coverage: map.coverage })
    ] });
  }

  // src/screens/map/mapping.ts
  var MAX_NODES = 300;
  function mapping({ params }, window) {
    const diff = params.get("diff") ?? "1h";
    const compared2 = diff === "off" ? null : diff;
    const focus = params.get("focus") || null;
    const depth = positive(params.get("depth")) ?? 1;
    const top = positive(params.get("top"));
    const source = params.get("source");
    const [from, to, protocol] = [params.get("caller"), params.get("callee"), params.get("protocol")];
    const node = params.get("node") || null;
    const zoom = Number(params.get("zoom"));
    return {
      diff: compared2,
      focus,
      depth,
      node,
      edge: node === null && from !== null && to !== null && protocol !== null ? keyOf({ from, to, protocol }) : null,
      isOnlyChanges: compared2 !== null && params.get("changes") === "true",
      isTableOnly: params.get("view") === "table",
      zoom: zoom >= 0.25 && zoom <= 4 ? zoom : null,
      sort: ["calls", "errors", "p95"].find((sort) => sort === params.get("sort")) ?? "change",
      page: positive(params.get("page")) ?? 1,
      ask: {
        diff: compared2 ?? void 0,
        layout: "lr",
        focus,
        depth: focus === null ? null : depth,
        top: top === null ? null : Math.min(top, MAX_NODES),
        source: source ?? void 0,
        since: window.ask.since,
        until: window.ask.until
      },
      command: command("coral query topology", [], [
        ...window.explicitFlags,
        compared2 !== null && ["--diff", compared2],
        focus !== null && ["--focus", focus],
        focus !== null && depth > 1 && ["--depth", depth],
        source !== null && source !== "all" && ["--source", source]
      ])
    };
  }
  function positive(text) {
    const number = Number(text);
    return text !== null && Number.isInteger(number) && number > 0 ? number : null;
  }

  // src/screens/map/nothing-there.tsx
  function NothingThere({ map, about: about2, window }) {
    const at = LENGTHS.findIndex((length) => length.since === window.ask.since);
    const longer2 = window.isRelative ? LENGTHS[at + 1] : void 0;
    if (map.traces > 0 && about2.focus !== null) {
      return /* @__PURE__ */ a3("section", { class: "card map-nothing", children: [
        /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("strong", { children: [
          "No service, database, queue or external host has the name ",
          about2.focus,
          " in this window."
        ] }) }),
        /* @__PURE__ */ a3("p", { class: "actions", children: /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ focus: null, depth: null }), children: "Show the whole map" }) })
      ] });
    }
    return /* @__PURE__ */ a3("section", { class: "card map-nothing", children: [
      /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("strong", { children: "No trace started in this window." }) }),
      /* @__PURE__ */ a3("ul", { children: [
        longer2 && /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("a", { href: href("map", { since: longer2.since }), children: [
          "Look at the ",
          longer2.label
        ] }) }),
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("a", { href: href("traces", { since: "7d" }), children: "The traces of the last 7 days" }),
          " say whether any are stored."
        ] }),
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("a", { href: href("status"), children: "Status" }),
          " says whether agents send spans."
        ] })
      ] })
    ] });
  }

  // src/screens/map/line.tsx
  var FAILING = 0.01;
  var THICKEST = 5;
  var LINE_HEIGHT = 13;
  function Line2(props) {
    const { placed, call, look } = props;
    const { points, removed } = placed;
    const edge = call?.edge;
    const thick = edge === void 0 || removed ? 1.5 : 1.2 + (THICKEST - 1.2) * Math.sqrt(edge.calls / Math.max(1, props.most));
    const fails = call !== null && !removed && isFailing(call);
    const name = `${placed.from} → ${placed.to} ${placed.protocol}`;
    return /* @__PURE__ */ a3("g", { class: `map-line map-${look}${style(call)}${fails ? " map-line-fails" : ""}`, onClick: props.choose, children: [
      /* @__PURE__ */ a3("title", { children: edge ? `${name}: ${edge.calls} calls, ${edge.errors} failed, P95 ${duration(edge.p95_us)}` : name }),
      /* @__PURE__ */ a3("path", { class: "map-hit", d: path(points) }),
      /* @__PURE__ */ a3("path", { class: "map-stroke", d: path(points), "stroke-width": thick }),
      /* @__PURE__ */ a3("path", { class: "map-arrow", d: arrow(points, thick) })
    ] });
  }
  function Label(props) {
    const { call, hasNumbers, seconds } = props;
    const { edge } = call;
    const change2 = call.changes[0];
    if (props.look === "far" || change2 === void 0 && !hasNumbers) return null;
    const words3 = change2 && CHANGE_WORDS[change2.change];
    const lines = change2 && words3 ? [`${words3.mark} ${words3.word}`, change2.short.replaceAll(" → ", "→")] : [`${perSecond(edge.calls / seconds)}/s`, duration(edge.p95_us)];
    if (isFailing(call) && change2?.change !== "failing" && change2?.change !== "removed") lines.push(`✕ ${failed(edge.errors, edge.calls)}`);
    const [x2 = 0, y3 = 0] = between(props.placed.points);
    return /* @__PURE__ */ a3("text", { class: `map-label${style(call)}${change2 ? " map-label-change" : ""}`, x: x2, y: y3 - 5, children: lines.map((line, at) => /* @__PURE__ */ a3("tspan", { x: x2, dy: at === 0 ? 0 : LINE_HEIGHT, class: line.startsWith("✕") ? "map-label-errors" : void 0, children: line }, at)) });
  }
  function isFailing({ edge }) {
    return edge.calls > 0 && edge.errors / edge.calls >= FAILING;
  }
  function style(call) {
    const change2 = call?.changes[0]?.change;
    return change2 === void 0 ? "" : ` map-line-${change2}`;
  }
  function path(points) {
    let text = "";
    points.forEach(([x2 = 0, y3 = 0], at) => {
      const [lastX = x2, lastY = y3] = points[at - 1] ?? [];
      if (at === 0) text += `M${x2} ${y3}`;
      else if (x2 > lastX && y3 !== lastY) text += `C${(x2 + lastX) / 2} ${lastY} ${(x2 + lastX) / 2} ${y3} ${x2} ${y3}`;
      else text += `L${x2} ${y3}`;
    });
    return text;
  }
  function arrow(points, thick) {
    const [x2 = 0, y3 = 0] = points.at(-1) ?? [];
    const [fromX = x2 - 1, fromY = y3] = points.at(-2) ?? [];
    const isLevel = x2 > fromX;
    const length = Math.hypot(x2 - fromX, y3 - fromY) || 1;
    const alongX = isLevel ? 1 : (x2 - fromX) / length;
    const alongY = isLevel ? 0 : (y3 - fromY) / length;
    const [long, wide] = [7 + thick, 3 + thick];
    const [backX, backY] = [x2 - alongX * long, y3 - alongY * long];
    return `M${x2} ${y3}L${backX - alongY * wide} ${backY + alongX * wide}L${backX + alongY * wide} ${backY - alongX * wide}Z`;
  }
  var ROOM = 88;
  function between(points) {
    const middles = points.slice(1).map(([x2 = 0, y3 = 0], at) => {
      const [fromX = x2, fromY = y3] = points[at] ?? [];
      return { room: y3 === fromY ? x2 - fromX : 0, at: [(x2 + fromX) / 2, (y3 + fromY) / 2] };
    });
    const level = middles.find(({ room }) => room >= ROOM);
    return (level ?? middles.at(-1))?.at ?? [0, 0];
  }

  // src/screens/map/node.tsx
  var NAME_WIDTH = 8;
  var NUMBERS_WIDTH = 6.4;
  var BESIDE = 34;
  function Node2(props) {
    const { placed, state, isGone } = props;
    const { name, kind, x: x2, y: y3, width, height, folded } = placed;
    const isFolded = folded > 0;
    const numbers3 = numbersOf(props);
    const isBad = state?.health === "failing" || state?.health === "slow";
    const badge = isGone ? "− gone" : isBad ? `✕ ${state.health}` : "";
    const says = isFolded ? `${folded} more nodes, with fewer calls: press Enter to show them` : [name, KIND_WORDS[kind], isGone ? "gone" : isBad ? state.health : "", ...numbers3].filter(Boolean).join(", ");
    return /* @__PURE__ */ a3(
      "g",
      {
        class: `map-node map-${props.look}${isGone ? " map-gone" : ""}${isBad ? " map-bad" : ""}${isFolded ? " map-folded" : ""}`,
        transform: `translate(${x2} ${y3})`,
        role: "button",
        tabindex: props.isTabStop ? 0 : -1,
        "aria-pressed": isFolded ? void 0 : props.isChosen,
        "data-node": name,
        onClick: props.choose,
        children: [
          /* @__PURE__ */ a3("title", { children: says }),
          /* @__PURE__ */ a3("g", { "aria-hidden": "true", children: [
            /* @__PURE__ */ a3("rect", { width, height, rx: kind === "service" ? 8 : 3 }),
            !isFolded && /* @__PURE__ */ a3("g", { transform: "translate(10 9)", children: /* @__PURE__ */ a3(KindIcon, { kind }) }),
            /* @__PURE__ */ a3("text", { class: "map-name", x: isFolded ? width / 2 : BESIDE, y: isFolded ? height / 2 + 5 : 21, "text-anchor": isFolded ? "middle" : void 0, children: isFolded ? `and ${folded} more` : cut2(visible(name), (width - BESIDE - 6) / NAME_WIDTH) }),
            !isFolded && /* @__PURE__ */ a3("text", { class: "map-numbers", x: 10, y: 39, children: fitting(numbers3, (width - 16) / NUMBERS_WIDTH) }),
            badge !== "" && /* @__PURE__ */ a3("text", { class: "map-badge", x: 4, y: -5, children: badge })
          ] })
        ]
      }
    );
  }
  function numbersOf({ state, received, seconds, isGone }) {
    if (isGone) return [];
    if (state !== void 0 && state.now.requests > 0) {
      const { requests_per_second, error_rate, p95_us, beyond_us } = state.now;
      const p952 = p95_us !== null ? duration(p95_us) : beyond_us !== null ? `>${duration(beyond_us)}` : "";
      return [`${perSecond(requests_per_second)}/s`, error_rate > 0 ? `✕ ${rate(error_rate)}` : "", p952 && `P95 ${p952}`].filter(Boolean);
    }
    if (received === void 0 || received.calls === 0) return [];
    return [`${perSecond(received.calls / seconds)}/s`, received.errors > 0 ? `✕ ${rate(received.errors / received.calls)}` : ""].filter(Boolean);
  }
  function fitting(parts, length) {
    let text = "";
    for (const part3 of parts) {
      const longer2 = text === "" ? part3 : `${text}  ${part3}`;
      if (longer2.length > length) break;
      text = longer2;
    }
    return text;
  }
  function cut2(name, length) {
    const most = Math.max(5, Math.floor(length));
    if (name.length <= most) return name;
    const end = Math.floor((most - 1) / 3);
    return `${name.slice(0, most - 1 - end)}…${name.slice(name.length - end)}`;
  }

  // src/screens/map/walk.ts
  function walk(layout, from, direction) {
    const here = layout.nodes.find((node) => node.name === from);
    if (!here) return null;
    const named = (names) => layout.nodes.filter((node) => node.name !== from && names.includes(node.name));
    let choices;
    if (direction === "ArrowRight") {
      choices = named(layout.edges.filter((edge) => edge.from === from).map((edge) => edge.to));
    } else if (direction === "ArrowLeft") {
      choices = named(layout.edges.filter((edge) => edge.to === from).map((edge) => edge.from));
    } else {
      const isAbove = direction === "ArrowUp";
      choices = layout.nodes.filter((node) => isAbove ? node.y < here.y : node.y > here.y);
    }
    const isAlong = direction === "ArrowRight" || direction === "ArrowLeft";
    const far = (node) => Math.abs(middle(node) - middle(here)) + (isAlong ? 0 : 100 * Math.abs(centre(node) - centre(here)));
    return choices.sort((a4, b2) => far(a4) - far(b2))[0]?.name ?? null;
  }
  function middle(node) {
    return node.y + node.height / 2;
  }
  function centre(node) {
    return node.x + node.width / 2;
  }

  // src/screens/map/picture.tsx
  var EDGE = 24;
  var MAX_NUMBERS = 12;
  var SMALLEST = 0.7;
  function Picture(props) {
    const { map, layout, node, edge, isOnlyChanges, zoom } = props;
    const svg = T2(null);
    const all = calls(map);
    const byKey = new Map(all.map((call) => [call.key, call]));
    const gone = new Set((map.diff?.removed_nodes ?? []).map((removed) => removed.name));
    const most = Math.max(1, ...map.edges.map((edge2) => edge2.calls));
    const seconds = Math.max(1, (map.until_unix_us - map.since_unix_us) / 1e6);
    const received = /* @__PURE__ */ new Map();
    for (const { to, calls: calls2, errors } of map.edges) {
      const sum = received.get(to) ?? { calls: 0, errors: 0 };
      received.set(to, { calls: sum.calls + calls2, errors: sum.errors + errors });
    }
    const near = nearTo(all, node, edge, isOnlyChanges);
    const look = (isNear) => near === null ? "plain" : isNear ? "near" : "far";
    const lines = layout.edges.map((placed) => {
      const call = byKey.get(keyOf(placed)) ?? null;
      return { placed, call, isNear: call !== null && near !== null && near.edges.has(call.key) };
    });
    const nodes = [...layout.nodes].sort((a4, b2) => a4.x - b2.x || a4.y - b2.y);
    const stop = nodes.some(({ name }) => name === node) ? node : nodes[0]?.name;
    const keydown = (event) => {
      const from = event.target.closest("[data-node]")?.dataset["node"];
      if (from === void 0 || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        if (layout.nodes.some(({ name, folded }) => name === from && folded > 0)) props.unfold();
        else props.chooseNode(from, "push");
      } else if (event.key.startsWith("Arrow")) {
        event.preventDefault();
        const to = walk(layout, from, event.key);
        if (to === null) return;
        props.chooseNode(to, "replace");
        svg.current?.querySelector(`[data-node="${CSS.escape(to)}"]`)?.focus();
      }
    };
    const [width, height] = [layout.width + 2 * EDGE, layout.height + 2 * EDGE];
    const size = zoom === null ? { width: "100%", maxWidth: `${width}px`, minWidth: `${Math.round(width * SMALLEST)}px` } : { width: `${Math.round(width * zoom)}px` };
    return /* @__PURE__ */ a3(
      "svg",
      {
        ref: svg,
        class: "map-svg",
        viewBox: `${-EDGE} ${-EDGE} ${width} ${height}`,
        style: size,
        role: "group",
        onKeyDown: keydown,
        "aria-label": `Service map: ${layout.nodes.length} nodes. Arrow keys follow the calls. The table below has the same.`,
        children: [
          /* @__PURE__ */ a3("g", { "aria-hidden": "true", children: lines.map(({ placed, call, isNear }) => /* @__PURE__ */ a3(Line2, { placed, call, most, look: look(isNear), choose: () => {
            if (call) props.chooseEdge(call);
          } }, `${keyOf(placed)} ${placed.removed}`)) }),
          nodes.map((placed) => /* @__PURE__ */ a3(
            Node2,
            {
              placed,
              state: props.services.get(placed.name),
              received: received.get(placed.name),
              seconds,
              isGone: gone.has(placed.name),
              isChosen: placed.name === node,
              isTabStop: placed.name === stop,
              look: look(near !== null && near.nodes.has(placed.name)),
              choose: () => {
                if (placed.folded > 0) props.unfold();
                else props.chooseNode(placed.name, "push");
              }
            },
            placed.name
          )),
          /* @__PURE__ */ a3("g", { "aria-hidden": "true", class: "map-labels", children: lines.map(({ placed, call, isNear }) => call && /* @__PURE__ */ a3(Label, { placed, call, seconds, look: look(isNear), hasNumbers: lines.length <= MAX_NUMBERS || isNear }, `${keyOf(placed)} ${placed.removed}`)) })
        ]
      }
    );
  }
  function nearTo(all, node, edge, isOnlyChanges) {
    const isNear = node !== null ? (call) => call.edge.from === node || call.edge.to === node : edge !== null ? (call) => call.key === edge : isOnlyChanges ? (call) => call.changes.length > 0 || isRemoved(call) : null;
    if (isNear === null) return null;
    const edges = all.filter(isNear);
    const nodes = new Set(edges.flatMap(({ edge: edge2 }) => [edge2.from, edge2.to]));
    if (node !== null) nodes.add(node);
    return { nodes, edges: new Set(edges.map((call) => call.key)) };
  }

  // src/screens/map/table.tsx
  var ROWS = 50;
  var BY = {
    change: null,
    calls: (a4, b2) => b2.calls - a4.calls,
    errors: (a4, b2) => b2.errors - a4.errors || b2.calls - a4.calls,
    p95: (a4, b2) => b2.p95_us - a4.p95_us
  };
  function sorted2(calls2, sort) {
    const by = BY[sort];
    return by === null ? calls2 : [...calls2].sort((a4, b2) => by(a4.edge, b2.edge));
  }
  function CallTable(props) {
    const { chosen, sort, hasDiff } = props;
    const pages = Math.max(1, Math.ceil(props.calls.length / ROWS));
    const page = Math.min(Math.max(1, props.page), pages);
    const rows = props.calls.slice((page - 1) * ROWS, page * ROWS);
    if (props.calls.length === 0) return /* @__PURE__ */ a3("p", { class: "soft", children: "No call to list." });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "map-table-box", children: /* @__PURE__ */ a3("table", { class: "map-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          hasDiff && /* @__PURE__ */ a3(Head, { sort: "change", now: sort, children: "Change" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "From" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "To" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Protocol" }),
          /* @__PURE__ */ a3(Head, { sort: "calls", now: sort, isNumber: true, children: "Calls" }),
          /* @__PURE__ */ a3(Head, { sort: "errors", now: sort, isNumber: true, children: "Failed" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "P50" }),
          /* @__PURE__ */ a3(Head, { sort: "p95", now: sort, isNumber: true, children: "P95" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: /* @__PURE__ */ a3("span", { class: "unseen", children: "Traces" }) })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: rows.map((call) => /* @__PURE__ */ a3("tr", { class: call.key === chosen ? "map-chosen-row" : void 0, "aria-current": call.key === chosen ? "true" : void 0, children: [
          hasDiff && /* @__PURE__ */ a3("td", { "data-label": "Change", class: call.changes.length === 0 ? "map-same" : void 0, children: /* @__PURE__ */ a3(Changes2, { call }) }),
          /* @__PURE__ */ a3("td", { "data-label": "From", children: /* @__PURE__ */ a3(End, { name: call.edge.from, kinds: props.kinds }) }),
          /* @__PURE__ */ a3("td", { "data-label": "To", children: /* @__PURE__ */ a3(End, { name: call.edge.to, kinds: props.kinds }) }),
          /* @__PURE__ */ a3("td", { "data-label": "Protocol", children: call.edge.protocol }),
          /* @__PURE__ */ a3("td", { "data-label": "Calls", class: "number", children: isRemoved(call) ? /* @__PURE__ */ a3($, { children: [
            /* @__PURE__ */ a3("span", { class: "soft", children: "before: " }),
            count(call.edge.calls)
          ] }) : count(call.edge.calls) }),
          /* @__PURE__ */ a3("td", { "data-label": "Failed", class: "number", children: call.edge.errors === 0 ? "0" : /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
            "✕ ",
            count(call.edge.errors),
            " (",
            failed(call.edge.errors, call.edge.calls),
            ")"
          ] }) }),
          /* @__PURE__ */ a3("td", { "data-label": "P50", class: "number", children: percentile(call.edge.p50_us, call.edge.exact, null) }),
          /* @__PURE__ */ a3("td", { "data-label": "P95", class: "number", children: percentile(call.edge.p95_us, call.edge.exact, null) }),
          /* @__PURE__ */ a3("td", { class: "map-open", children: [
            /* @__PURE__ */ a3("button", { type: "button", class: "quiet", "aria-pressed": call.key === chosen, onClick: () => props.choose(call), "aria-label": `Details of the calls from ${call.edge.from} to ${call.edge.to}`, children: "details" }),
            !isRemoved(call) && /* @__PURE__ */ a3("a", { href: href("traces", tracesOf(call, props.kinds)), "aria-label": `Traces of the calls from ${call.edge.from} to ${call.edge.to}`, children: "traces" })
          ] })
        ] }, call.key)) })
      ] }) }),
      pages > 1 && /* @__PURE__ */ a3("p", { class: "actions map-pages", children: [
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === 1, onClick: () => amend({ page: page === 2 ? null : page - 1 }), children: "Calls before" }),
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          count((page - 1) * ROWS + 1),
          " – ",
          count(Math.min(page * ROWS, props.calls.length)),
          " of ",
          count(props.calls.length)
        ] }),
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === pages, onClick: () => amend({ page: page + 1 }), children: "Next calls" })
      ] })
    ] });
  }
  function Head(props) {
    const isNow = props.sort === props.now;
    return /* @__PURE__ */ a3("th", { scope: "col", class: props.isNumber ? "number" : void 0, "aria-sort": isNow ? "descending" : void 0, children: /* @__PURE__ */ a3("button", { type: "button", class: "quiet map-sort", onClick: () => amend({ sort: props.sort === "change" ? null : props.sort, page: null }, "replace"), children: [
      props.children,
      isNow && /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: " ▾" })
    ] }) });
  }
  function Changes2({ call }) {
    if (call.changes.length === 0) return /* @__PURE__ */ a3("span", { class: "soft", children: "–" });
    return /* @__PURE__ */ a3("ul", { children: call.changes.map(({ change: change2, says }) => {
      const { word: word2, mark, tone } = CHANGE_WORDS[change2];
      return /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark, tone, word: word2 }),
        " ",
        /* @__PURE__ */ a3("span", { class: "map-says", children: says })
      ] }, change2);
    }) });
  }
  function End({ name, kinds }) {
    return /* @__PURE__ */ a3("span", { class: "map-end", children: [
      /* @__PURE__ */ a3(Kind, { kind: kinds.get(name) ?? "service" }),
      /* @__PURE__ */ a3("button", { type: "button", class: "map-link", onClick: () => amend({ node: name, caller: null, callee: null, protocol: null }), children: name })
    ] });
  }

  // src/screens/map/map.tsx
  function MapScreen({ address, window }) {
    const about2 = mapping(address, window);
    useTitle(about2.focus === null ? "Map" : `Map around ${about2.focus}`);
    const asked2 = useAnswer("topology", about2.ask);
    const services = useAnswer("services", asked2.answer === null ? null : { since: window.ask.since, until: window.ask.until, baseline: "1h", find_beginning: window.isDefault });
    const states = new Map((services.answer?.services ?? []).map((service) => [service.name, service]));
    return /* @__PURE__ */ a3("div", { class: "map", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h1", { children: about2.focus === null ? "Map" : /* @__PURE__ */ a3($, { children: [
          "Map around ",
          about2.focus
        ] }) }),
        /* @__PURE__ */ a3("p", { class: "map-windows soft", children: [
          window.label,
          about2.diff !== null && /* @__PURE__ */ a3($, { children: [
            ", against the ",
            about2.diff === "1h" ? "hour" : about2.diff,
            " before"
          ] })
        ] })
      ] }),
      /* @__PURE__ */ a3(Controls, { about: about2, names: [.../* @__PURE__ */ new Set([...(asked2.answer?.nodes ?? []).map(({ name }) => name), ...states.keys()])].sort() }),
      /* @__PURE__ */ a3(Answer, { of: asked2, what: "who calls whom", children: (map) => map.nodes.length === 0 && (map.diff?.removed.length ?? 0) === 0 ? /* @__PURE__ */ a3(NothingThere, { map, about: about2, window }) : /* @__PURE__ */ a3(Whole, { map, about: about2, states }) }),
      /* @__PURE__ */ a3(Command, { text: about2.command })
    ] });
  }
  function Whole({ map, about: about2, states }) {
    const all = calls(map);
    const kinds = new Map([...map.nodes, ...map.diff?.removed_nodes ?? []].map(({ name, kind }) => [name, kind]));
    const shown2 = sorted2(about2.isOnlyChanges ? all.filter((call2) => call2.changes.length > 0) : all, about2.sort);
    const call = all.find(({ key }) => key === about2.edge);
    const chooseEdge = ({ edge }) => amend({ caller: edge.from, callee: edge.to, protocol: edge.protocol, node: null });
    const chooseNode = (node, how) => amend({ node, caller: null, callee: null, protocol: null }, how);
    const step = (by) => {
      const now2 = read().params;
      const edge = keyOf({ from: now2.get("caller") ?? "", to: now2.get("callee") ?? "", protocol: now2.get("protocol") ?? "" });
      const at = shown2.findIndex(({ key }) => key === edge);
      const next = shown2[at < 0 ? 0 : Math.min(Math.max(0, at + by), shown2.length - 1)];
      if (next) amend({ caller: next.edge.from, callee: next.edge.to, protocol: next.edge.protocol, node: null }, "replace");
    };
    useKeys("Map", [
      { keys: "j", does: "next call of the table", run: () => step(1) },
      { keys: "k", does: "call before", run: () => step(-1) },
      { keys: "Enter", does: "traces of the chosen call", run: () => {
        if (call) go(href("traces", tracesOf(call, kinds)));
      } },
      { keys: "f", does: "only the neighbours of the chosen node", run: () => {
        if (about2.node !== null) amend({ focus: about2.node, page: null });
      } },
      { keys: "F", does: "the whole map", run: () => amend({ focus: null, depth: null, page: null }) },
      { keys: "+", does: "larger", run: () => zoomBy(about2.zoom, 1.25) },
      { keys: "-", does: "smaller", run: () => zoomBy(about2.zoom, 1 / 1.25) },
      { keys: "0", does: "fit the map into the page", run: () => amend({ zoom: null }, "replace") },
      { keys: "Escape", does: "choose nothing", run: () => amend({ node: null, caller: null, callee: null, protocol: null }, "replace") }
    ]);
    const isNode = about2.node !== null && kinds.has(about2.node);
    const { layout } = map;
    const hasPicture = layout != null && !about2.isTableOnly;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Summary, { map, all, choose: chooseEdge }),
      /* @__PURE__ */ a3("div", { class: isNode || call ? "map-body map-body-chosen" : "map-body", children: [
        hasPicture && /* @__PURE__ */ a3("div", { class: "map-box", children: /* @__PURE__ */ a3(
          Picture,
          {
            map,
            layout,
            services: states,
            node: isNode ? about2.node : null,
            edge: call?.key ?? null,
            isOnlyChanges: about2.isOnlyChanges,
            zoom: about2.zoom,
            chooseNode,
            chooseEdge,
            unfold: () => amend({ top: Math.min(MAX_NODES, 2 * layout.nodes.length) })
          }
        ) }),
        isNode && about2.node !== null ? /* @__PURE__ */ a3(ChosenNode, { name: about2.node, kind: kinds.get(about2.node) ?? "service", state: states.get(about2.node), calls: all, isFocus: about2.node === about2.focus, choose: chooseEdge }) : call && /* @__PURE__ */ a3(ChosenCall, { call, kinds })
      ] }),
      hasPicture && /* @__PURE__ */ a3("p", { class: "map-legend soft small", children: "Width: calls. Dashes: at least 1% failed. Dots: gone. Above a service: what is wrong with it." }),
      /* @__PURE__ */ a3("section", { class: "section", children: [
        /* @__PURE__ */ a3("h2", { children: about2.isOnlyChanges ? "Changed calls" : "Calls" }),
        /* @__PURE__ */ a3(CallTable, { calls: shown2, kinds, chosen: about2.edge, sort: about2.sort, page: about2.page, hasDiff: map.diff !== null, choose: chooseEdge })
      ] }),
      /* @__PURE__ */ a3(Lacks, { map })
    ] });
  }
  var MAX_CHANGES2 = 4;
  function Summary({ map, all, choose }) {
    if (map.diff === null) return null;
    const text = summary(all);
    if (map.diff.traces === 0) return /* @__PURE__ */ a3("p", { class: "map-summary", children: [
      /* @__PURE__ */ a3(Mark, { mark: "?", tone: "soft", word: "Nothing to compare with" }),
      " No trace started in that time: try a shorter window, or compare with a longer time."
    ] });
    if (text === "") return /* @__PURE__ */ a3("p", { class: "map-summary", children: [
      /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: "No changes" }),
      " No call is new, gone, failing or slower."
    ] });
    const changed = all.filter((call) => call.changes.length > 0);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("p", { class: "map-summary", children: [
        /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "Changed" }),
        " ",
        text,
        "."
      ] }),
      /* @__PURE__ */ a3("ul", { class: "map-changes", children: [
        changed.slice(0, MAX_CHANGES2).map((call) => /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("button", { type: "button", class: "map-link", onClick: () => choose(call), children: [
            call.edge.from,
            " → ",
            call.edge.to
          ] }),
          " ",
          call.changes.map(({ change: change2, says }) => /* @__PURE__ */ a3("span", { children: [
            /* @__PURE__ */ a3(Mark, { ...CHANGE_WORDS[change2] }),
            " ",
            says,
            " "
          ] }, change2))
        ] }, call.key)),
        changed.length > MAX_CHANGES2 && /* @__PURE__ */ a3("li", { class: "soft", children: [
          "and ",
          changed.length - MAX_CHANGES2,
          " more, in the table"
        ] })
      ] })
    ] });
  }

  // src/screens/no-such-page.tsx
  function NoSuchPage() {
    useTitle("No such page");
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: "No such page" }),
      /* @__PURE__ */ a3("p", { children: [
        "The search above opens a trace by its id. Or go to ",
        /* @__PURE__ */ a3("a", { href: href(""), children: "Home" }),
        ", ",
        /* @__PURE__ */ a3("a", { href: href("traces"), children: "Traces" }),
        " or the ",
        /* @__PURE__ */ a3("a", { href: href("map"), children: "Map" }),
        "."
      ] })
    ] });
  }

  // src/screens/service/before.tsx
  var SLOWER = 1.5;
  function Before(props) {
    return /* @__PURE__ */ a3("span", { class: "before", children: [
      props.text === null ? "–" : props.text,
      /* @__PURE__ */ a3("span", { class: "unseen", children: " before" })
    ] });
  }
  function Change(props) {
    const { now: now2, before: before2 } = props;
    if (props.isNew) return /* @__PURE__ */ a3("span", { class: "soft", children: "new: not seen before" });
    if (now2 === null || before2 === null || before2 <= 0) return /* @__PURE__ */ a3("span", { class: "soft", children: "–" });
    const max = Math.max(now2, before2);
    const ratio2 = now2 / before2;
    const isSlower = ratio2 >= SLOWER;
    return /* @__PURE__ */ a3("span", { class: "change", children: [
      /* @__PURE__ */ a3("span", { class: "change-bars", "aria-hidden": "true", children: [
        /* @__PURE__ */ a3("span", { class: "change-before", style: { width: `${before2 / max * 100}%` } }),
        /* @__PURE__ */ a3("span", { class: `change-now${isSlower ? " change-bad" : ""}`, style: { width: `${now2 / max * 100}%` } })
      ] }),
      /* @__PURE__ */ a3("span", { class: isSlower ? "tone-bad" : "soft", children: changeInWords(ratio2) })
    ] });
  }
  function changeInWords(ratio2) {
    if (ratio2 >= SLOWER) return `✕ ${ratio2.toFixed(ratio2 < 10 ? 1 : 0)} times as long`;
    if (ratio2 >= 1.1) return `+${Math.round((ratio2 - 1) * 100)}%`;
    if (ratio2 > 0.9) return "as before";
    return `−${Math.round((1 - ratio2) * 100)}%`;
  }
  function percentileOf(of, which) {
    return of.requests === 0 ? "–" : percentile(of[which], of.exact, of.beyond_us);
  }

  // src/screens/service/calls.tsx
  var SHOWN2 = 20;
  var KINDS = { service: "", database: "database", queue: "queue", external: "outside" };
  function Calls2(props) {
    const shown2 = props.calls.slice(0, SHOWN2);
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: props.title }),
      shown2.length === 0 && /* @__PURE__ */ a3("p", { class: "soft", children: props.none }),
      shown2.length > 0 && /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": props.title, children: /* @__PURE__ */ a3("table", { class: "cards numbers-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { children: props.end === "from" ? "Caller" : "Callee" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Calls" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Errors" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P95" }),
          /* @__PURE__ */ a3("th", { children: "Against before" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown2.map(({ edge, before: before2, kind }) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "row", children: [
            kind === "service" ? /* @__PURE__ */ a3(Service, { name: edge[props.end] }) : /* @__PURE__ */ a3("a", { href: href("map", { focus: edge[props.end] }), children: edge[props.end] }),
            " ",
            /* @__PURE__ */ a3("span", { class: "soft", children: [edge.protocol, KINDS[kind]].filter(Boolean).join(", ") })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Calls", children: [
            count(edge.calls),
            /* @__PURE__ */ a3(Before, { text: before2 && count(before2.calls) })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Errors", children: [
            edge.calls === 0 ? "–" : rate(edge.errors / edge.calls),
            /* @__PURE__ */ a3(Before, { text: before2 && before2.calls > 0 ? rate(before2.errors / before2.calls) : null })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "P95", children: [
            edge.calls === 0 ? "–" : duration(edge.p95_us),
            /* @__PURE__ */ a3(Before, { text: before2 && duration(before2.p95_us) })
          ] }),
          /* @__PURE__ */ a3("td", { class: "wide", "data-label": "Against before", children: edge.calls === 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: "✕ no call any more" }) : /* @__PURE__ */ a3(Change, { now: edge.p95_us, before: before2?.p95_us ?? null, isNew: before2 === null }) })
        ] }, `${edge[props.end]} ${edge.protocol}`)) })
      ] }) }),
      props.calls.length > SHOWN2 && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        count(props.calls.length - SHOWN2),
        " more with fewer calls."
      ] })
    ] });
  }

  // src/screens/service/odd-one.ts
  var RATIO = 1.5;
  var RATE = 0.02;
  var ENOUGH_SPANS = 20;
  function oddOne(groups) {
    const candidates = groups.filter(({ spans }) => spans >= ENOUGH_SPANS);
    if (candidates.length < 2) return null;
    for (const group2 of candidates) {
      const others = candidates.filter((other) => other !== group2);
      const share3 = group2.errors / group2.spans;
      const rest = Math.max(...others.map(({ errors, spans }) => errors / spans));
      if (share3 - rest >= RATE && share3 >= 2 * rest) return { group: group2, says: `${rate(share3)} of its requests fail, at most ${rate(rest)} elsewhere` };
      const slowest = Math.max(...others.map(({ p50_us }) => p50_us));
      if (group2.p50_us >= RATIO * slowest) return { group: group2, says: `P50 ${duration(group2.p50_us)}, at most ${duration(slowest)} elsewhere` };
    }
    return null;
  }

  // src/screens/service/differs.ts
  var RATIO2 = 1.5;
  var RATE2 = 0.02;
  var SHOWN3 = 3;
  function differences(detail) {
    const places = [{ of: detail.hosts, kind: "host" }, { of: detail.versions, kind: "version" }].flatMap(({ of, kind }) => {
      const odd = oddOne(of?.groups ?? []);
      return odd === null ? [] : [{ what: odd.group.value ?? "spans without one", kind, says: odd.says, weight: Infinity }];
    });
    const changed = pairs(detail).flatMap(changeOf).sort((one, other) => other.weight - one.weight);
    return [...places, ...changed].slice(0, SHOWN3);
  }
  function pairs(detail) {
    const edge = (kind, what, now2, before2) => ({
      what,
      kind,
      now: { count: now2.calls, errors: now2.errors, p95: now2.p95_us },
      before: before2 && { count: before2.calls, errors: before2.errors, p95: before2.p95_us }
    });
    return [
      ...detail.statements.map(({ row }) => ({
        what: [row.operation, row.table].filter(Boolean).join(" "),
        kind: "SQL statement",
        now: { count: row.requests, errors: row.errors, p95: row.p95_us },
        before: row.before && { count: row.before.requests, errors: row.before.errors, p95: row.before.p95_us }
      })),
      ...detail.callees.map(({ edge: now2, before: before2 }) => edge("calls to", now2.to, now2, before2)),
      ...detail.operations.map(({ name, now: now2, before: before2 }) => ({
        what: name,
        kind: "operation",
        now: { count: now2.requests, errors: now2.errors, p95: now2.p95_us },
        before: before2 && { count: before2.requests, errors: before2.errors, p95: before2.p95_us }
      }))
    ];
  }
  function changeOf({ what, kind, now: now2, before: before2 }) {
    if (before2 === null) return kind === "calls to" ? [{ what, kind, says: "new: not called before", weight: 1 }] : [];
    if (now2.count === 0) return kind === "calls to" ? [{ what, kind, says: "not called any more", weight: 4 }] : [];
    const [fails, failed2] = [now2.errors / now2.count, before2.count > 0 ? before2.errors / before2.count : 0];
    if (fails - failed2 >= RATE2 && fails >= 2 * failed2) {
      return [{ what, kind, says: `${rate(failed2)} → ${rate(fails)} fail`, weight: 1 + (fails - failed2) * 20 }];
    }
    if (now2.p95 === null || before2.p95 === null || before2.p95 <= 0) return [];
    const ratio2 = now2.p95 / before2.p95;
    if (ratio2 < RATIO2) return [];
    return [{ what, kind, says: `P95 ${duration(before2.p95)} → ${duration(now2.p95)}, ${ratio2.toFixed(ratio2 < 10 ? 1 : 0)} times as long`, weight: Math.log2(ratio2) }];
  }

  // src/screens/service/quoted.ts
  function quoted2(text) {
    return /^[\w./:@{}-]+$/.test(text) ? text : `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  }

  // src/screens/service/places.tsx
  function Places(props) {
    const { of } = props;
    const groups = of?.groups ?? [];
    const odd = oddOne(groups);
    const max = Math.max(1, ...groups.map(({ p95_us }) => p95_us));
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: props.title }),
      /* @__PURE__ */ a3("p", { class: odd === null ? "soft" : "tone-bad", children: groups.length === 0 ? props.none : odd === null ? groups.length === 1 ? "There is only one." : "None differs from the others." : /* @__PURE__ */ a3($, { children: [
        "✕ ",
        /* @__PURE__ */ a3("strong", { children: odd.group.value ?? "spans without one" }),
        " differs: ",
        odd.says,
        "."
      ] }) }),
      groups.length > 0 && /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": props.title, children: /* @__PURE__ */ a3("table", { class: "cards numbers-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { children: of?.by }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Requests" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Errors" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P50" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P95" }),
          /* @__PURE__ */ a3("th", { children: /* @__PURE__ */ a3("span", { class: "unseen", children: "P95 as a bar" }) })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: groups.map((group2) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "row", children: [
            group2.value === null ? /* @__PURE__ */ a3("span", { class: "soft", children: "not said" }) : /* @__PURE__ */ a3("a", { class: "row-link", href: href("traces", { q: `service:${quoted2(props.service)} ${of?.by}=${quoted2(group2.value)}` }), children: group2.value }),
            odd?.group === group2 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: " ✕ differs" })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Requests", children: count(group2.spans) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Errors", children: rate(group2.spans === 0 ? 0 : group2.errors / group2.spans) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "P50", children: duration(group2.p50_us) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "P95", children: duration(group2.p95_us) }),
          /* @__PURE__ */ a3("td", { class: "place-bar", children: /* @__PURE__ */ a3("span", { class: `change-now${odd?.group === group2 ? " change-bad" : ""}`, style: { width: `${group2.p95_us / max * 100}%` } }) })
        ] }, group2.value ?? "")) })
      ] }) }),
      of !== null && (of.left_out > 0 || of.more) && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        of.left_out > 0 && `${count(of.left_out)} more. `,
        of.more && "Counted in a part of the traces."
      ] })
    ] });
  }

  // src/screens/service/operations.tsx
  var SHOWN4 = 20;
  var MOST2 = 80;
  function Operations2(props) {
    const { operations, operations_left_out } = props.of;
    const isAll = props.address.params.has("operations");
    const shown2 = operations.slice(0, isAll ? MOST2 : SHOWN4);
    const more = operations.length - shown2.length + operations_left_out;
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "Operations" }),
      operations.length === 0 && /* @__PURE__ */ a3("p", { class: "soft", children: "It served no request in this window." }),
      operations.length > 0 && /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Operations", children: /* @__PURE__ */ a3("table", { class: "cards numbers-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { children: "Operation" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Requests" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Errors" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P50" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P95" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P99" }),
          /* @__PURE__ */ a3("th", { children: "P95 against before" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown2.map(({ name, kind, now: now2, before: before2 }) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "row", children: [
            /* @__PURE__ */ a3("a", { class: "row-link", href: href("traces", { q: `service:${quoted2(props.service)} name:${quoted2(name)}` }), children: name }),
            " ",
            kind !== "http" && /* @__PURE__ */ a3("span", { class: "soft", children: kind })
          ] }),
          /* @__PURE__ */ a3(Numbers, { now: now2, before: before2 })
        ] }, `${kind} ${name}`)) })
      ] }) }),
      more > 0 && /* @__PURE__ */ a3("p", { class: "small", children: [
        count(more),
        " more, with fewer requests.",
        " ",
        !isAll && operations.length > SHOWN4 && /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ operations: "all" }), children: [
          "Show up to ",
          MOST2
        ] })
      ] })
    ] });
  }
  function Numbers(props) {
    const { now: now2, before: before2 } = props;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("td", { class: "number", "data-label": props.noun ?? "Requests", children: [
        count(now2.requests),
        /* @__PURE__ */ a3(Before, { text: before2 && count(before2.requests) })
      ] }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Errors", children: [
        now2.errors > 0 ? rate(now2.error_rate) : "0%",
        /* @__PURE__ */ a3(Before, { text: before2 && rate(before2.error_rate) })
      ] }),
      ["p50_us", "p95_us", "p99_us"].map((which) => /* @__PURE__ */ a3("td", { class: "number", "data-label": which.slice(0, 3).toUpperCase(), children: [
        percentileOf(now2, which),
        /* @__PURE__ */ a3(Before, { text: before2 && percentileOf(before2, which) })
      ] }, which)),
      /* @__PURE__ */ a3("td", { class: "wide", "data-label": "P95 against before", children: /* @__PURE__ */ a3(Change, { now: now2.p95_us, before: before2?.p95_us ?? null, isNew: before2 === null }) })
    ] });
  }

  // src/parts/chart/scale.ts
  function roundUp(value) {
    if (!(value > 0) || !Number.isFinite(value)) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    const factor2 = [1, 2, 2.5, 5, 10].find((factor3) => factor3 * power >= value * (1 - 1e-9)) ?? 10;
    return factor2 * power;
  }
  function axis(max, lines = 4) {
    const step = roundUp((max > 0 ? max : 1) / lines);
    const count2 = Math.max(1, Math.ceil((max > 0 ? max : 1) / step - 1e-9));
    return { top: step * count2, ticks: Array.from({ length: count2 + 1 }, (_3, at) => at * step) };
  }
  var STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];
  function timeTicks(since, until, most) {
    const length = (until - since) / 1e6;
    const step = (STEPS_S.find((step2) => length / step2 <= most) ?? 604800) * 1e6;
    const ticks2 = [];
    for (let at = Math.ceil(since / step) * step; at < until && ticks2.length < 100; at += step) ticks2.push(at);
    return ticks2;
  }
  function apart(dots, distance) {
    const kept = [];
    for (const dot of dots) {
      if (kept.every((other) => Math.hypot(other.x - dot.x, other.y - dot.y) >= distance)) kept.push(dot);
    }
    return kept;
  }

  // src/parts/chart/width.ts
  function useWidth(before2) {
    const ref = T2(null);
    const [width, setWidth] = d2(before2);
    F2(() => {
      const element = ref.current;
      if (element === null) return;
      const measure = () => setWidth(Math.max(120, Math.floor(element.clientWidth)));
      measure();
      const observer = new ResizeObserver(measure);
      observer.observe(element);
      return () => observer.disconnect();
    }, []);
    return [ref, width];
  }

  // src/parts/chart/chart.tsx
  var LEFT = 52;
  var RIGHT = 10;
  var TOP = 8;
  var BOTTOM = 22;
  var DOT_DISTANCE = 24;
  var MAX_DOTS = 40;
  function Chart(props) {
    const times2 = useTimes();
    const [ref, width] = useWidth(600);
    const { lines, since, step, cursor } = props;
    const height = props.height ?? 170;
    const size = Math.max(1, ...lines.map(({ values: values2 }) => values2.length));
    const until = since + size * step;
    const { top, ticks: ticks2 } = axis(Math.max(props.least ?? 0, ...lines.flatMap(({ values: values2 }) => values2.map((value) => value ?? 0))), height < 150 ? 2 : 4);
    const inner = width - LEFT - RIGHT;
    const x2 = (time2) => LEFT + (Math.min(Math.max(time2, since), until) - since) / (until - since) * inner;
    const middle2 = (at) => x2(since + (at + 0.5) * step);
    const y3 = (value) => TOP + (1 - Math.min(value, top) / top) * (height - TOP - BOTTOM);
    const bottom = y3(0);
    const dots = apart(
      [...props.dots ?? []].filter(({ at, value }) => at >= since && at < until && value <= top * 1.02).sort((one, other) => Number(other.isBad) - Number(one.isBad) || other.value - one.value).map((dot) => ({ ...dot, x: x2(dot.at), y: y3(dot.value) })),
      DOT_DISTANCE
    ).slice(0, MAX_DOTS);
    const placeOf2 = (event) => {
      const box2 = event.currentTarget.getBoundingClientRect();
      const at = Math.floor((event.clientX - box2.left - LEFT) / inner * size);
      return Math.min(size - 1, Math.max(0, at));
    };
    const keydown = (event) => {
      if (event.key !== "Enter" || cursor === null) return;
      const found = (props.dots ?? []).filter(({ at }) => Math.floor((at - since) / step) === cursor);
      const first2 = found.find(({ isBad }) => isBad) ?? found[0];
      if (first2 !== void 0) go(first2.href);
    };
    const shown2 = cursor === null || cursor >= size ? null : cursor;
    const readout = shown2 === null ? null : `${times2.short(since + shown2 * step)}: ${lines.map(({ name, values: values2 }) => `${name} ${values2[shown2] == null ? "–" : props.format(values2[shown2])}`).join(", ")}`;
    return /* @__PURE__ */ a3("figure", { class: "chart", children: [
      /* @__PURE__ */ a3("figcaption", { children: [
        /* @__PURE__ */ a3("h3", { children: props.title }),
        shown2 === null ? /* @__PURE__ */ a3("span", { class: "chart-legend", children: [
          lines.length > 1 && lines.map((line) => /* @__PURE__ */ a3(Key, { of: line }, line.name)),
          props.children
        ] }) : /* @__PURE__ */ a3("span", { class: "chart-readout", children: readout })
      ] }),
      /* @__PURE__ */ a3("div", { ref, class: "chart-box", onPointerMove: (event) => props.setCursor(placeOf2(event)), onPointerLeave: () => props.setCursor(null), children: [
        /* @__PURE__ */ a3(
          "input",
          {
            type: "range",
            class: "unseen",
            min: 0,
            max: size - 1,
            value: shown2 ?? size - 1,
            "aria-label": `${props.title} over time`,
            "aria-valuetext": readout ?? "arrows go through the times",
            onInput: (event) => props.setCursor(Number(event.currentTarget.value)),
            onFocus: () => props.setCursor(cursor ?? size - 1),
            onBlur: () => props.setCursor(null),
            onKeyDown: keydown
          }
        ),
        /* @__PURE__ */ a3("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", children: [
          (props.gaps ?? []).filter((gap) => gap.until > since && gap.since < until).map((gap) => /* @__PURE__ */ a3("rect", { class: "chart-gap", x: x2(gap.since), y: TOP, width: Math.max(2, x2(gap.until) - x2(gap.since)), height: bottom - TOP, children: /* @__PURE__ */ a3("title", { children: gap.text }) }, gap.since)),
          ticks2.map((tick) => /* @__PURE__ */ a3("g", { children: [
            /* @__PURE__ */ a3("line", { class: "chart-line", x1: LEFT, x2: width - RIGHT, y1: y3(tick), y2: y3(tick) }),
            /* @__PURE__ */ a3("text", { class: "chart-text", x: LEFT - 6, y: y3(tick) + 4, "text-anchor": "end", children: props.format(tick) })
          ] }, tick)),
          timeTicks(since, until, Math.max(2, Math.floor(inner / 90))).map((tick) => /* @__PURE__ */ a3("text", { class: "chart-text", x: x2(tick), y: height - 6, "text-anchor": x2(tick) > width - 24 ? "end" : "middle", children: times2.short(tick) }, tick)),
          props.began != null && props.began > since && props.began < until && /* @__PURE__ */ a3("g", { children: [
            /* @__PURE__ */ a3("line", { class: "chart-began", x1: x2(props.began), x2: x2(props.began), y1: TOP, y2: bottom }),
            /* @__PURE__ */ a3("text", { class: "chart-text chart-began-text", x: x2(props.began) + (x2(props.began) > width - 130 ? -4 : 4), y: TOP + 10, "text-anchor": x2(props.began) > width - 130 ? "end" : "start", children: "change began" })
          ] }),
          shown2 !== null && /* @__PURE__ */ a3("line", { class: "chart-cursor", x1: middle2(shown2), x2: middle2(shown2), y1: TOP, y2: bottom }),
          props.kind === "bars" ? lines.map((line) => /* @__PURE__ */ a3(Bars, { of: line, x: (at) => x2(since + at * step), y: y3, width: inner / size }, line.name)) : lines.map((line) => /* @__PURE__ */ a3("path", { class: `chart-path look-${line.look}`, d: path2(line.values, middle2, y3) }, line.name))
        ] }),
        dots.map((dot) => /* @__PURE__ */ a3("a", { class: `chart-dot${dot.isBad ? " chart-dot-bad" : ""}`, href: dot.href, "aria-label": dot.says, title: dot.says, tabIndex: -1, style: { left: `${dot.x}px`, top: `${dot.y}px` }, children: dot.isBad && "✕" }, dot.href))
      ] })
    ] });
  }
  function Bars(props) {
    const gap = props.width > 4 ? 1 : 0;
    let path3 = "";
    props.of.values.forEach((value, at) => {
      if (value === null || value <= 0) return;
      const [left, right, top] = [props.x(at), props.x(at) + props.width - gap, Math.min(props.y(value), props.y(0) - 1)];
      path3 += `M${left.toFixed(1)} ${props.y(0)}V${top.toFixed(1)}H${right.toFixed(1)}V${props.y(0)}Z`;
    });
    return /* @__PURE__ */ a3("path", { class: `chart-bars look-${props.of.look}`, d: path3 });
  }
  function path2(values2, x2, y3) {
    let text = "";
    let isOpen = false;
    values2.forEach((value, at) => {
      if (value === null) {
        isOpen = false;
        return;
      }
      const isAlone = !isOpen && values2[at + 1] == null;
      text += isAlone ? `M${x2(at) - 2} ${y3(value).toFixed(1)}h4` : `${isOpen ? "L" : "M"}${x2(at).toFixed(1)} ${y3(value).toFixed(1)}`;
      isOpen = true;
    });
    return text;
  }
  function Key({ of }) {
    return /* @__PURE__ */ a3("span", { class: "chart-key", children: [
      /* @__PURE__ */ a3("svg", { width: "22", height: "8", "aria-hidden": "true", children: /* @__PURE__ */ a3("line", { class: `chart-path look-${of.look}`, x1: "0", y1: "4", x2: "22", y2: "4" }) }),
      of.name
    ] });
  }

  // src/screens/service/series-table.tsx
  function SeriesTable({ of }) {
    const times2 = useTimes();
    const rows = of.requests.map((_3, at) => at).reverse();
    return /* @__PURE__ */ a3("div", { class: "table-scroll series-table", tabIndex: 0, role: "region", "aria-label": "Numbers over time", children: /* @__PURE__ */ a3("table", { children: [
      /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
        /* @__PURE__ */ a3("th", { children: "From" }),
        /* @__PURE__ */ a3("th", { class: "number", children: "Requests" }),
        /* @__PURE__ */ a3("th", { class: "number", children: "Errors" }),
        /* @__PURE__ */ a3("th", { class: "number", children: "P50" }),
        /* @__PURE__ */ a3("th", { class: "number", children: "P95" }),
        /* @__PURE__ */ a3("th", { class: "number", children: "P99" }),
        /* @__PURE__ */ a3("th", { children: "Traces" })
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: rows.map((at) => {
        const since = of.since_unix_us + at * of.step_us;
        const requests = of.requests[at] ?? 0;
        const errors = of.errors[at] ?? 0;
        const cell = (value) => requests === 0 ? "–" : percentile(value ?? null, true, of.beyond_us);
        const found = of.exemplars.filter(({ time_unix_us, stored: stored2 }) => stored2 && time_unix_us >= since && time_unix_us < since + of.step_us);
        return /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "row", children: times2.precise(since).slice(0, 8) }),
          /* @__PURE__ */ a3("td", { class: "number", children: count(requests) }),
          /* @__PURE__ */ a3("td", { class: `number${errors > 0 ? " tone-bad" : ""}`, children: errors === 0 ? "0" : `${count(errors)} (${rate(errors / Math.max(1, requests))})` }),
          /* @__PURE__ */ a3("td", { class: "number", children: cell(of.p50_us[at]) }),
          /* @__PURE__ */ a3("td", { class: "number", children: cell(of.p95_us[at]) }),
          /* @__PURE__ */ a3("td", { class: "number", children: cell(of.p99_us[at]) }),
          /* @__PURE__ */ a3("td", { children: found.map((exemplar) => /* @__PURE__ */ a3("a", { class: "row-link exemplar", href: href("trace", { id: exemplar.trace_id, span: exemplar.span_id }), children: [
            exemplar.error && "✕ ",
            duration(exemplar.duration_us)
          ] }, exemplar.trace_id)) })
        ] }, at);
      }) })
    ] }) });
  }

  // src/screens/service/over-time.tsx
  var POINTS2 = 60;
  var PROTOCOLS = ["http", "grpc", "sql"];
  var NAMES3 = { http: "HTTP", grpc: "gRPC", sql: "SQL" };
  function OverTime(props) {
    const { params } = props.address;
    const served = props.state.requests.map(({ kind }) => kind).filter((kind) => kind === "http" || kind === "grpc");
    const protocol = PROTOCOLS.find((protocol2) => protocol2 === params.get("protocol")) ?? served[0] ?? null;
    const isClient = params.get("side") === "client" || protocol === "sql";
    const route = params.get("route");
    const hasStatements = (props.answer?.detail?.statements.length ?? 0) > 0;
    const choices = [
      ...served.map((protocol2) => ({ protocol: protocol2, side: "server", text: `${NAMES3[protocol2]} served` })),
      ...["http", "grpc"].filter((protocol2) => props.answer?.detail?.callees.some(({ edge }) => edge.protocol === protocol2)).map((protocol2) => ({ protocol: protocol2, side: "client", text: `${NAMES3[protocol2]} calls made` })),
      ...hasStatements ? [{ protocol: "sql", side: "client", text: "SQL statements" }] : []
    ];
    const asks = protocol === null ? null : { protocol, service: props.name, side: isClient ? "client" : "server", ...props.window.ask, points: POINTS2, ...route === null ? {} : { route } };
    const series = useAnswer("series/{protocol}", asks);
    const rows = protocol === "sql" ? props.answer?.detail?.statements.map(({ row }) => [row.operation, row.table].filter(Boolean).join(" ")) : isClient ? [] : props.answer?.detail?.operations.filter(({ kind }) => kind === protocol).map(({ name }) => name);
    const routes = [...new Set(rows ?? [])].filter((name) => name !== "");
    return /* @__PURE__ */ a3("section", { class: `section${protocol === null || params.has("table") ? "" : " over-time"}`, children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h2", { children: "Over time" }),
        /* @__PURE__ */ a3("span", { class: "actions", children: [
          choices.length > 1 && choices.map((choice) => /* @__PURE__ */ a3(
            "button",
            {
              type: "button",
              class: "small",
              "aria-pressed": choice.protocol === protocol && choice.side === "client" === isClient,
              onClick: () => amend({ protocol: choice.protocol, side: choice.side === "client" ? "client" : null, route: null }),
              children: choice.text
            },
            choice.text
          )),
          (routes.length > 1 || route !== null) && /* @__PURE__ */ a3("label", { class: "small", children: [
            protocol === "sql" ? "Statement" : "Operation",
            " ",
            /* @__PURE__ */ a3("select", { value: route ?? "", onChange: (event) => amend({ route: event.currentTarget.value || null }), children: [
              /* @__PURE__ */ a3("option", { value: "", children: "all" }),
              route !== null && !routes.includes(route) && /* @__PURE__ */ a3("option", { value: route, children: route }),
              routes.map((name) => /* @__PURE__ */ a3("option", { value: name, children: name }, name))
            ] })
          ] }),
          /* @__PURE__ */ a3("button", { type: "button", class: "small", "aria-pressed": params.has("table"), onClick: () => amend({ table: params.has("table") ? null : 1 }), children: "Table" })
        ] })
      ] }),
      protocol === null ? /* @__PURE__ */ a3("p", { class: "soft", children: "Charts show HTTP and gRPC requests and SQL statements. This service has none in this window; its numbers are above." }) : /* @__PURE__ */ a3(Answer, { of: series, what: "numbers over time", children: (answer) => params.has("table") ? /* @__PURE__ */ a3(SeriesTable, { of: answer }) : /* @__PURE__ */ a3(Charts, { of: answer, began: props.state.began_unix_us, answer: props.answer, name: props.name }) })
    ] });
  }
  function Charts(props) {
    const times2 = useTimes();
    const [cursor, setCursor] = d2(null);
    const { of } = props;
    const seconds = of.step_us / 1e6;
    const gaps = (props.answer?.coverage ?? []).filter((gap) => gap.since_unix_us !== null && gap.gap !== "sampling_changed" && gap.gap !== "joined" && (gap.services.length === 0 || gap.services.includes(props.name))).map((gap) => ({ since: gap.since_unix_us ?? 0, until: gap.until_unix_us ?? of.until_unix_us, text: `Spans of agent ${gap.agent_id} are missing here` }));
    const dots = of.exemplars.filter(({ stored: stored2 }) => stored2).map((exemplar) => ({
      at: exemplar.time_unix_us,
      value: exemplar.duration_us,
      isBad: exemplar.error,
      says: `Trace of ${times2.precise(exemplar.time_unix_us)}, ${duration(exemplar.duration_us)}${exemplar.error ? ", failed" : ""}`,
      href: href("trace", { id: exemplar.trace_id, span: exemplar.span_id })
    }));
    const shared = { since: of.since_unix_us, step: of.step_us, cursor, setCursor, began: props.began, gaps };
    const total = of.requests.reduce((sum, value) => sum + value, 0);
    if (total === 0) return /* @__PURE__ */ a3("p", { class: "soft", children: "No request of this kind in this window." });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "charts", children: [
        /* @__PURE__ */ a3(
          Chart,
          {
            ...shared,
            title: "Duration",
            kind: "lines",
            height: 262,
            format: duration,
            dots,
            lines: [{ name: "P50", values: of.p50_us, look: "first" }, { name: "P95", values: of.p95_us, look: "second" }, { name: "P99", values: of.p99_us, look: "third" }]
          }
        ),
        /* @__PURE__ */ a3("div", { class: "charts-side", children: [
          /* @__PURE__ */ a3(
            Chart,
            {
              ...shared,
              title: "Requests per second",
              kind: "bars",
              height: 128,
              format: perSecond,
              lines: [{ name: "requests/s", values: of.requests.map((value) => value / seconds), look: "second" }],
              children: /* @__PURE__ */ a3("span", { children: [
                count(total),
                " in all"
              ] })
            }
          ),
          /* @__PURE__ */ a3(
            Chart,
            {
              ...shared,
              title: "Share of errors",
              kind: "bars",
              height: 128,
              format: rate,
              least: 0.01,
              lines: [{ name: "errors", values: of.requests.map((value, at) => value === 0 ? null : (of.errors[at] ?? 0) / value), look: "bad" }],
              children: /* @__PURE__ */ a3("span", { children: [
                count(of.errors.reduce((sum, value) => sum + value, 0)),
                " in all"
              ] })
            }
          )
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "Counted from ",
        of.source,
        ".",
        of.beyond_us !== null && /* @__PURE__ */ a3($, { children: [
          " Where a line is missing above requests, the percentile is >",
          duration(of.beyond_us),
          "."
        ] }),
        of.covered_since_unix_us > of.since_unix_us && /* @__PURE__ */ a3($, { children: [
          " Data begins at ",
          times2.short(of.covered_since_unix_us),
          "."
        ] }),
        dots.length > 0 && /* @__PURE__ */ a3($, { children: " ○ is a request with its trace, ✕ one that failed: open it by clicking, or with arrows and Enter." }),
        gaps.length > 0 && /* @__PURE__ */ a3($, { children: " Dashed areas: spans of an agent are missing." })
      ] })
    ] });
  }

  // src/screens/service/statements.tsx
  var SHOWN5 = 20;
  function Statements(props) {
    const { statements, statements_source } = props.of;
    if (statements.length === 0) return null;
    const shown2 = statements.slice(0, SHOWN5);
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "SQL statements" }),
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "SQL statements", children: /* @__PURE__ */ a3("table", { class: "cards numbers-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { children: "Statement" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Calls" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Errors" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P50" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P95" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "P99" }),
          /* @__PURE__ */ a3("th", { children: "P95 against before" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Time in all" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown2.map(({ row, total_us }) => {
          const name = [row.operation, row.table].filter(Boolean).join(" ") || "unnamed";
          return /* @__PURE__ */ a3("tr", { children: [
            /* @__PURE__ */ a3("th", { scope: "row", children: /* @__PURE__ */ a3("a", { class: "row-link", href: href("traces", { q: `service:${quoted2(props.service)} name~${quoted2(name)}` }), children: /* @__PURE__ */ a3("code", { children: name }) }) }),
            /* @__PURE__ */ a3(Numbers, { now: row, before: row.before, noun: "Calls" }),
            /* @__PURE__ */ a3("td", { class: "number", "data-label": "Time in all", children: total_us === 0 ? "–" : duration(total_us) })
          ] }, name);
        }) })
      ] }) }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "Counted from ",
        statements_source ?? "spans",
        ".",
        statements.length > SHOWN5 && ` ${count(statements.length - SHOWN5)} more took less time.`
      ] })
    ] });
  }

  // src/screens/service/tiles.tsx
  var SOURCE = {
    metrics: "Counted from metrics of its requests.",
    spans: "Counted from spans, because no metrics of its requests are stored."
  };
  function Tiles({ of }) {
    const { now: now2, before: before2 } = of;
    const source = of.requests[0]?.source;
    const estimate = now2.estimate;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("dl", { class: "tiles", children: [
        /* @__PURE__ */ a3(Tile, { name: "Requests/s", now: `${estimate != null ? "~" : ""}${perSecond(now2.requests_per_second)}`, before: before2 && perSecond(before2.requests_per_second), more: `${count(now2.requests)} in all`, isBad: of.health === "fewer_requests" || of.health === "not_seen" }),
        /* @__PURE__ */ a3(Tile, { name: "Errors", now: now2.requests === 0 ? "–" : rate(now2.error_rate), before: before2 && rate(before2.error_rate), more: `${count(now2.errors)} of ${count(now2.requests)}`, isBad: of.health === "failing" }),
        /* @__PURE__ */ a3(Tile, { name: "P50", now: percentile(now2.p50_us, now2.exact, now2.beyond_us), before: before2 && percentile(before2.p50_us, before2.exact, before2.beyond_us), isBad: false }),
        /* @__PURE__ */ a3(Tile, { name: "P95", now: percentile(now2.p95_us, now2.exact, now2.beyond_us), before: before2 && percentile(before2.p95_us, before2.exact, before2.beyond_us), isBad: of.health === "slow" || of.is_slow_too }),
        of.complete_ratio != null && /* @__PURE__ */ a3(Tile, { name: "Complete", now: percent(of.complete_ratio), before: null, more: "of its spans are stored", isBad: false })
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: [
        source !== void 0 && SOURCE[source],
        of.requests.length > 1 && /* @__PURE__ */ a3($, { children: [
          " Percentiles are those of ",
          of.requests[0]?.kind,
          " requests, the most frequent kind."
        ] }),
        !now2.exact && " ≈ marks percentiles that are interpolated in a histogram.",
        estimate != null && /* @__PURE__ */ a3($, { children: [
          " Only a share of traces is recorded",
          estimate.sampling_ratio !== null && ` (${percent(estimate.sampling_ratio)})`,
          ": ~ marks estimates."
        ] })
      ] })
    ] });
  }
  function Tile(props) {
    return /* @__PURE__ */ a3("div", { class: `tile${props.isBad ? " tile-bad" : ""}`, children: [
      /* @__PURE__ */ a3("dt", { children: props.name }),
      /* @__PURE__ */ a3("dd", { class: "tile-now", children: [
        props.isBad && /* @__PURE__ */ a3("span", { class: "mark", "aria-hidden": "true", children: "✕ " }),
        props.now
      ] }),
      /* @__PURE__ */ a3("dd", { class: "tile-before", children: props.before === null ? props.more ?? "" : `${props.before} before` }),
      props.before !== null && props.more !== void 0 && /* @__PURE__ */ a3("dd", { class: "tile-before", children: props.more })
    ] });
  }

  // src/screens/service/slow-traces.tsx
  var SHOWN6 = 5;
  function SlowTraces(props) {
    const slowest = useAnswer("traces", { ...props.window.ask, service: props.service, sort: "slowest", causes: true, limit: SHOWN6 });
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h2", { children: "Slowest traces" }),
        /* @__PURE__ */ a3("a", { class: "small", href: href("traces", { q: `service:${quoted2(props.service)}`, sort: "slowest" }), "aria-label": "All traces of the service, slowest first", children: "All" })
      ] }),
      /* @__PURE__ */ a3(Answer, { of: slowest, what: "the slowest traces", children: (list) => /* @__PURE__ */ a3(ShortTraces, { of: list, none: "No trace of it started in this window." }) })
    ] });
  }

  // src/screens/service/service.tsx
  var SICK2 = ["failing", "slow", "not_seen", "fewer_requests"];
  function ServiceScreen({ address, window }) {
    const name = address.params.get("name") ?? "";
    useTitle(name === "" ? "Service" : name);
    useListKeys("Service", ".service-screen a.row-link");
    const links = { why: href("why", { service: name }), traces: href("traces", { q: `service:${quoted2(name)}` }), map: href("map", { focus: name }) };
    useKeys("Service", [
      { keys: "w", does: "why", run: () => go(links.why) },
      { keys: "v", does: "traces of the service", run: () => go(links.traces) },
      { keys: "T", does: "charts as a table, and back", run: () => amend({ table: address.params.has("table") ? null : 1 }) }
    ]);
    const windows = { ...window.ask, baseline: "1h", find_beginning: window.isDefault };
    const services = useAnswer("services", name === "" ? null : { ...windows, service: name });
    const { answer } = services;
    const state = answer?.services.find((service) => service.name === name);
    if (name === "") return /* @__PURE__ */ a3(NoName, {});
    return /* @__PURE__ */ a3("div", { class: "service-screen", children: [
      /* @__PURE__ */ a3("div", { class: "service-head", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("h1", { children: name }),
          /* @__PURE__ */ a3("p", { class: "service-verdict", children: state === void 0 ? /* @__PURE__ */ a3("span", { class: "soft", children: answer === null ? "Reading how well it is…" : answer.verdict }) : /* @__PURE__ */ a3($, { children: [
            /* @__PURE__ */ a3(State, { health: state.health }),
            " ",
            reasonOf(state),
            state.began_unix_us !== null && /* @__PURE__ */ a3(Since, { us: state.began_unix_us })
          ] }) })
        ] }),
        /* @__PURE__ */ a3("p", { class: "actions", children: [
          /* @__PURE__ */ a3("a", { class: "button button-first", href: links.why, children: "Why" }),
          /* @__PURE__ */ a3("a", { class: "button", href: links.traces, children: "Traces" }),
          /* @__PURE__ */ a3("a", { class: "button", href: links.map, children: "Map" })
        ] })
      ] }),
      /* @__PURE__ */ a3(Answer, { of: services, what: name, children: (answer2) => state === void 0 ? /* @__PURE__ */ a3(NotSeen, { name, of: answer2 }) : /* @__PURE__ */ a3(Tiles, { of: state }) }),
      answer?.detail != null && state !== void 0 && SICK2.includes(state.health) && /* @__PURE__ */ a3(Differs, { of: answer.detail }),
      /* @__PURE__ */ a3(Gaps, { coverage: answer?.coverage }),
      state !== void 0 && /* @__PURE__ */ a3(OverTime, { name, state, address, window, answer }),
      answer?.detail != null && state !== void 0 && /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Operations2, { of: answer.detail, service: name, address }),
        /* @__PURE__ */ a3("div", { class: "service-pairs", children: [
          /* @__PURE__ */ a3(Calls2, { title: "Called by", calls: answer.detail.callers, end: "from", none: "No caller was seen: requests come from outside, or their callers are not traced." }),
          /* @__PURE__ */ a3(Calls2, { title: "Calls", calls: answer.detail.callees, end: "to", none: "It calls nothing that was seen." })
        ] }),
        /* @__PURE__ */ a3(Statements, { of: answer.detail, service: name }),
        /* @__PURE__ */ a3("div", { class: "service-pairs", children: [
          /* @__PURE__ */ a3(Places, { title: "Hosts", of: answer.detail.hosts, service: name, none: "Spans of it name no host." }),
          /* @__PURE__ */ a3(Places, { title: "Versions", of: answer.detail.versions, service: name, none: "Spans of it name no version." })
        ] })
      ] }),
      state !== void 0 && /* @__PURE__ */ a3(SlowTraces, { service: name, window }),
      (answer !== null || services.error !== null) && /* @__PURE__ */ a3(Command, { text: command("coral services", [name], window.flags) })
    ] });
  }
  function Differs({ of }) {
    const found = differences(of);
    if (found.length === 0) return null;
    return /* @__PURE__ */ a3("section", { class: "differs", "aria-label": "What differs most", children: [
      /* @__PURE__ */ a3("h2", { children: "Differs most" }),
      /* @__PURE__ */ a3("ul", { children: found.map(({ what, kind, says }) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("span", { class: "soft", children: kind }),
        " ",
        /* @__PURE__ */ a3("strong", { children: what }),
        ": ",
        says
      ] }, `${kind} ${what}`)) })
    ] });
  }
  function Since({ us }) {
    const times2 = useTimes();
    return /* @__PURE__ */ a3("span", { class: "soft", children: [
      ", since ",
      times2.short(us),
      " (",
      ago(us),
      ")"
    ] });
  }
  function NotSeen(props) {
    const { did_you_mean } = props.of;
    return /* @__PURE__ */ a3("div", { class: "notice notice-warn", children: [
      /* @__PURE__ */ a3("p", { children: [
        "No span or metric of ",
        /* @__PURE__ */ a3("strong", { children: props.name }),
        " was seen in this window or in the hour before."
      ] }),
      did_you_mean.length > 0 && /* @__PURE__ */ a3("p", { children: [
        "Did you mean ",
        did_you_mean.map((name, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && " or ",
          /* @__PURE__ */ a3("a", { href: href("service", { name }), children: name })
        ] }, name)),
        "?"
      ] }),
      /* @__PURE__ */ a3("p", { class: "actions", children: ["1h", "6h", "1d", "7d"].map((since) => /* @__PURE__ */ a3("a", { class: "button", href: href("service", { name: props.name, since }), children: [
        "Look at ",
        since
      ] }, since)) })
    ] });
  }
  function NoName() {
    return /* @__PURE__ */ a3("div", { class: "service-screen", children: [
      /* @__PURE__ */ a3("h1", { children: "Service" }),
      /* @__PURE__ */ a3("p", { children: [
        "The address names no service. ",
        /* @__PURE__ */ a3("a", { href: href(""), children: "Home lists all services." })
      ] })
    ] });
  }

  // src/screens/sql/cell.ts
  function written2(cell) {
    return typeof cell === "string" ? cell : JSON.stringify(cell);
  }
  function isNumber({ type }) {
    return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|REAL|DECIMAL.*)$/.test(type);
  }
  function traceId(column, cell) {
    return column?.name === "trace_id" && typeof cell === "string" && /^[0-9a-f]{32}$/.test(cell) ? cell : null;
  }

  // src/screens/sql/export.ts
  function csv(columns, rows) {
    const line = (values2) => `${values2.map(quoted3).join(",")}\r
`;
    return line(columns.map((column) => column.name)) + rows.map((row) => line(row.map((cell) => cell === null ? "" : written2(cell)))).join("");
  }
  function json(columns, rows, more) {
    return `{"columns":${JSON.stringify(columns)},"rows":[
${rows.map((row) => JSON.stringify(row)).join(",\n")}
],"more":${more}}
`;
  }
  function quoted3(text) {
    const value = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }
  function download(name, type, text) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link2 = document.createElement("a");
    link2.href = url;
    link2.download = name;
    link2.click();
    setTimeout(() => URL.revokeObjectURL(url), 1e4);
  }

  // src/screens/sql/position.ts
  function positionOf(error, statement) {
    const found = /LINE (\d+): (.*)\n( *)\^/.exec(error);
    if (found === null) return onlyPlace(statement, /at or near "([^"]+)"/.exec(error)?.[1]);
    const [, line = "", shown2 = "", spaces = ""] = found;
    const lines = statement.split("\n");
    const text = lines[Number(line) - 1];
    if (text === void 0) return null;
    const part3 = shown2.replace(/^\.\.\./, "").replace(/\.\.\.$/, "");
    const at = text.indexOf(part3.trimEnd());
    if (at < 0) return null;
    const column = spaces.length - `LINE ${line}: `.length - (shown2.startsWith("...") ? 3 : 0);
    const before2 = lines.slice(0, Number(line) - 1).reduce((sum, line2) => sum + line2.length + 1, 0);
    return Math.min(statement.length, before2 + at + Math.max(0, column));
  }
  function onlyPlace(statement, text) {
    if (text === void 0) return null;
    const at = statement.indexOf(text);
    return at >= 0 && statement.indexOf(text, at + 1) < 0 ? at : null;
  }

  // src/screens/sql/rows.ts
  function parse(text) {
    const exact = (_3, value, context) => typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source !== void 0 ? context.source : value;
    return JSON.parse(text, exact);
  }
  var Rows = class {
    columns = [];
    rows = [];
    /** Whether a limit cut the answer. */
    more = false;
    /** Why the statement failed after its first rows. */
    error = null;
    isWhole = false;
    /** What has not been read yet. */
    #text = "";
    #at = 0;
    #depth = 0;
    #isString = false;
    /** Where the list of columns, or the row that is being read, begins. */
    #start = 0;
    #part = "columns";
    /** Reads the next piece of the answer. */
    push(piece) {
      this.#text += piece;
      while (this.#at < this.#text.length && this.#part !== "end") this.#step();
      if (this.#part === "end") return;
      const keep = this.#depth > (this.#part === "columns" ? 1 : 2) ? this.#start : this.#at;
      this.#text = this.#text.slice(keep);
      this.#at -= keep;
      this.#start -= keep;
    }
    /** Reads what follows the rows, at the end of the answer. */
    end() {
      if (this.#part !== "end") return;
      const rest = this.#text.slice(this.#at).replace(/^\s*,/, "{");
      const { more, error } = JSON.parse(rest.startsWith("{") ? rest : "{}");
      this.more = more ?? false;
      this.error = error ?? null;
      this.isWhole = true;
    }
    #step() {
      const sign = this.#text[this.#at];
      this.#at += 1;
      if (this.#isString) {
        if (sign === "\\") this.#at += 1;
        else if (sign === '"') this.#isString = false;
      } else if (sign === '"') {
        this.#isString = true;
      } else if (sign === "[" || sign === "{") {
        this.#depth += 1;
        if (this.#depth === (this.#part === "columns" ? 2 : 3)) this.#start = this.#at - 1;
      } else if (sign === "]" || sign === "}") {
        this.#depth -= 1;
        if (this.#part === "columns" && this.#depth === 1) {
          this.columns = JSON.parse(this.#text.slice(this.#start, this.#at));
          this.#part = "rows";
        } else if (this.#part === "rows" && this.#depth === 2) {
          this.rows.push(parse(this.#text.slice(this.#start, this.#at)));
        } else if (this.#part === "rows" && this.#depth === 1) {
          this.#part = "end";
        }
      }
    }
  };

  // src/screens/sql/statement.ts
  var URL_OF_SQL = "../api/v1/sql";
  var IDLE = { rows: null, count: 0, error: null, askedAt: null, tookMs: null };
  var DRAW_MS = 200;
  var remembered2 = new Remembered(4);
  function useStatement(sql, window, since) {
    const { count: refresh } = j2(RefreshContext);
    const [attempt, setAttempt] = d2(0);
    const [state, setState] = d2(IDLE);
    const abort = T2(null);
    const first2 = T2(refresh + attempt);
    A2(() => {
      const key = `${window}
${sql}`;
      const known = remembered2.get(key);
      const isAgain = refresh + attempt !== first2.current;
      first2.current = refresh + attempt;
      if (sql === "" || known && !isAgain) {
        setState(known ?? IDLE);
        return;
      }
      const controller = new AbortController();
      abort.current = controller;
      const askedAt = Date.now();
      setState((last) => ({ ...last, error: null, askedAt }));
      run(sql, since, controller.signal, (rows) => setState({ rows, count: rows.rows.length, error: null, askedAt, tookMs: null })).then(
        (rows) => {
          if (controller.signal.aborted) return;
          const done = { rows, count: rows.rows.length, error: null, askedAt: null, tookMs: Date.now() - askedAt };
          remembered2.set(key, done);
          setState(done);
          announce(counted(rows.rows.length, "row"));
        },
        (error) => {
          if (controller.signal.aborted) return;
          const failed2 = error instanceof AskError ? error : new AskError(0, "the answer ended before it was whole", "run the statement again", URL_OF_SQL);
          setState((last) => ({ ...last, error: failed2, askedAt: null }));
          announce(failed2.message);
        }
      );
      return () => controller.abort();
    }, [sql, window, attempt, refresh]);
    const cancel = b(() => {
      abort.current?.abort();
      setState((last) => ({ ...last, askedAt: null, error: new AskError(-1, "cancelled", null, URL_OF_SQL) }));
    }, []);
    const again = b(() => setAttempt((attempt2) => attempt2 + 1), []);
    return { ...state, cancel, again };
  }
  async function run(sql, since, signal, show) {
    const body = JSON.stringify(since === null ? { sql } : { sql, since_unix_us: Math.round(since) });
    const headers = { "content-type": "application/json", ...OWN };
    return await request(URL_OF_SQL, { method: "POST", body, headers, signal }, async (response) => {
      const rows = new Rows();
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      let shown2 = Date.now();
      for (let piece = await reader?.read(); piece !== void 0 && !piece.done; piece = await reader?.read()) {
        rows.push(piece.value);
        if (Date.now() - shown2 < DRAW_MS || signal.aborted) continue;
        shown2 = Date.now();
        show(rows);
      }
      rows.end();
      if (!rows.isWhole) throw new Error("the answer ended early");
      return rows;
    });
  }

  // src/screens/sql/table.tsx
  var MOST3 = 72;
  var BEFORE2 = 12;
  var MAX_CHARACTERS = 160;
  function RowTable({ columns, rows, chosen }) {
    const box2 = T2(null);
    const [top, setTop] = d2(0);
    const [height, setHeight] = d2(30);
    F2(() => {
      const measured = box2.current?.querySelector("tbody tr[aria-rowindex]")?.offsetHeight;
      if (measured && Math.abs(measured - height) > 0.5) setHeight(measured);
    });
    const first2 = Math.max(0, Math.min(Math.floor(top / height) - BEFORE2, rows.length - MOST3));
    const shown2 = rows.slice(first2, first2 + MOST3);
    const after = rows.length - first2 - shown2.length;
    const step = (by) => choose(Number(read().params.get("row") ?? (by > 0 ? 0 : 2)) + by);
    const choose = (row) => {
      const next = Math.min(Math.max(1, row), rows.length);
      amend({ row: next }, "replace");
      reveal(next);
    };
    const reveal = (row) => {
      const area = box2.current;
      if (!area) return;
      const [from, to] = [(row - 1) * height, (row + 1) * height];
      if (from < area.scrollTop) area.scrollTop = from;
      else if (to > area.scrollTop + area.clientHeight) area.scrollTop = to - area.clientHeight;
    };
    const isThere = chosen !== null && chosen <= rows.length;
    F2(() => {
      if (isThere) reveal(chosen);
    }, [isThere]);
    useKeys("SQL", [
      { keys: "j", does: "next row", run: () => step(1) },
      { keys: "k", does: "row before", run: () => step(-1) },
      { keys: "Escape", does: "choose no row", run: () => amend({ row: null }, "replace") }
    ]);
    return /* @__PURE__ */ a3("div", { ref: box2, class: "sql-box", tabIndex: 0, role: "region", "aria-label": "Rows", onScroll: (event) => setTop(event.currentTarget.scrollTop), children: /* @__PURE__ */ a3("table", { class: "sql-table", "aria-rowcount": rows.length + 1, children: [
      /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { "aria-rowindex": 1, children: [
        /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: /* @__PURE__ */ a3("span", { class: "unseen", children: "Row" }) }),
        columns.map((column, at) => /* @__PURE__ */ a3("th", { scope: "col", class: isNumber(column) ? "number" : void 0, children: [
          column.name,
          " ",
          /* @__PURE__ */ a3("span", { class: "sql-type", children: column.type })
        ] }, at))
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: [
        first2 > 0 && /* @__PURE__ */ a3(Space, { height: first2 * height }),
        shown2.map((row, at) => {
          const number = first2 + at + 1;
          return /* @__PURE__ */ a3("tr", { "aria-rowindex": number + 1, class: number === chosen ? "sql-chosen" : void 0, "aria-current": number === chosen ? "true" : void 0, children: [
            /* @__PURE__ */ a3("td", { class: "number", children: /* @__PURE__ */ a3("button", { type: "button", class: "sql-row", onClick: () => choose(number), "aria-label": `Row ${number}, all of it`, children: number }) }),
            row.map((cell, column) => /* @__PURE__ */ a3("td", { class: columns[column] && isNumber(columns[column]) ? "number" : void 0, children: /* @__PURE__ */ a3(Value, { column: columns[column], cell, most: MAX_CHARACTERS }) }, column))
          ] }, number);
        }),
        after > 0 && /* @__PURE__ */ a3(Space, { height: after * height })
      ] })
    ] }) });
  }
  function Space({ height }) {
    return /* @__PURE__ */ a3("tr", { class: "sql-space", "aria-hidden": "true", children: /* @__PURE__ */ a3("td", { style: { height: `${height}px` } }) });
  }
  function Value({ column, cell, most }) {
    if (cell === null) return /* @__PURE__ */ a3("span", { class: "soft", children: "NULL" });
    const text = written2(cell);
    const id = traceId(column, cell);
    if (id !== null) return /* @__PURE__ */ a3("a", { href: href("trace", { id }), children: id });
    return /* @__PURE__ */ a3($, { children: text.length > most ? `${text.slice(0, most)}…` : text });
  }
  var MAX_SHOWN = 4e3;
  function WholeRow({ columns, rows, chosen }) {
    const [isAll, setAll] = d2(false);
    const row = chosen === null ? void 0 : rows[chosen - 1];
    if (row === void 0) return null;
    const isLong = row.some((cell) => cell !== null && written2(cell).length > MAX_SHOWN);
    return /* @__PURE__ */ a3("section", { class: "card sql-whole", "aria-label": `Row ${chosen}`, children: [
      /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon sql-close", "aria-label": "Close", onClick: () => amend({ row: null }, "replace"), children: "✕" }),
      /* @__PURE__ */ a3("h2", { children: [
        "Row ",
        chosen
      ] }),
      /* @__PURE__ */ a3("dl", { children: row.map((cell, at) => /* @__PURE__ */ a3("div", { children: [
        /* @__PURE__ */ a3("dt", { children: columns[at]?.name }),
        /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Value, { column: columns[at], cell, most: isAll ? Infinity : MAX_SHOWN }) })
      ] }, at)) }),
      isLong && !isAll && /* @__PURE__ */ a3("button", { type: "button", onClick: () => setAll(true), children: "Show all of the long values" })
    ] });
  }

  // src/screens/sql/views.tsx
  var EXAMPLES = [
    { title: "Spans by service", sql: "SELECT service_name, count(*) AS spans, count(*) FILTER (span_status = 'error') AS failed\nFROM telemetry_spans\nGROUP BY ALL\nORDER BY spans DESC" },
    { title: "Slowest operations", sql: "SELECT service_name, span_name, count(*) AS spans, quantile_disc(duration_us, 0.95) AS p95_us\nFROM telemetry_spans\nGROUP BY ALL\nORDER BY p95_us DESC\nLIMIT 20" },
    { title: "Failed spans, newest first", sql: "SELECT start_time, trace_id, service_name, span_name, status_code, duration_us\nFROM telemetry_spans\nWHERE span_status = 'error'\nORDER BY start_time DESC\nLIMIT 100" },
    { title: "Requests by minute", sql: "SELECT date_trunc('minute', start_time) AS minute, service_name, count(*) AS requests,\n  count(*) FILTER (span_status = 'error') AS failed\nFROM telemetry_spans\nWHERE span_kind = 'server'\nGROUP BY ALL\nORDER BY minute DESC, requests DESC" },
    { title: "Columns of a view", sql: "DESCRIBE telemetry_spans" }
  ];
  var VIEWS = [
    { name: "telemetry_spans", says: "all spans" },
    { name: "beyla_traces", says: "spans that Beyla made" },
    { name: "beyla_http_metrics", says: "HTTP requests by interval" },
    { name: "beyla_grpc_metrics", says: "gRPC requests by interval" },
    { name: "beyla_sql_metrics", says: "SQL statements by interval" }
  ];
  function Help2({ run: run2, insert }) {
    return /* @__PURE__ */ a3("aside", { class: "sql-help", "aria-label": "What can be asked", children: [
      /* @__PURE__ */ a3("h2", { children: "Examples" }),
      /* @__PURE__ */ a3("ul", { class: "sql-examples", children: EXAMPLES.map(({ title, sql }) => /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => run2(sql), title: sql, children: title }) }, title)) }),
      /* @__PURE__ */ a3("h2", { children: "Views" }),
      VIEWS.map((view) => /* @__PURE__ */ a3(View, { ...view, insert }, view.name)),
      /* @__PURE__ */ a3("p", { class: "soft small", children: "A statement is one SELECT, WITH, FROM, VALUES or DESCRIBE in the SQL of DuckDB. It can read only these views, from the start of the window on; the colony limits its time, memory, rows and bytes." })
    ] });
  }
  function View({ name, says, insert }) {
    const [isOpen, setOpen] = d2(false);
    return /* @__PURE__ */ a3("details", { class: "sql-view", onToggle: (event) => setOpen(event.currentTarget.open), children: [
      /* @__PURE__ */ a3("summary", { children: [
        /* @__PURE__ */ a3("code", { children: name }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft small", children: says })
      ] }),
      isOpen && /* @__PURE__ */ a3(Columns, { name, insert })
    ] });
  }
  function Columns({ name, insert }) {
    const described = useStatement(`DESCRIBE ${name}`, "", null);
    if (described.error !== null) return /* @__PURE__ */ a3("p", { class: "soft small", children: described.error.message });
    if (described.rows === null || described.askedAt !== null) return /* @__PURE__ */ a3("p", { class: "soft small", children: "Reading the columns…" });
    const columns = described.rows.rows.map(([name2, type]) => ({ name: String(name2), type: String(type) }));
    return /* @__PURE__ */ a3("ul", { class: "sql-columns", "aria-label": counted(columns.length, "column"), children: [
      /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => insert(name), children: /* @__PURE__ */ a3("code", { children: name }) }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft small", children: "the view" })
      ] }),
      columns.map((column) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => insert(column.name), children: /* @__PURE__ */ a3("code", { children: column.name }) }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft small", children: column.type.toLowerCase() })
      ] }, column.name))
    ] });
  }

  // src/screens/sql/sql.tsx
  function Sql({ address, window }) {
    useTitle("SQL");
    const may = useMay("sql.read");
    const sql = address.params.get("q") ?? "";
    const range = bounds(window);
    const running = useStatement(may === true ? sql : "", window.ask.since, range?.since ?? null);
    const [text, setText] = d2(sql);
    const area = T2(null);
    A2(() => setText(sql), [sql]);
    const run2 = (statement) => {
      const next = statement.trim();
      if (next === "") return;
      setText(next);
      if (next === sql) running.again();
      else amend({ q: next, row: null });
    };
    const insert = (word2) => {
      const at = area.current?.selectionEnd ?? text.length;
      const space = at > 0 && !/[\s(,.]$/.test(text.slice(0, at)) ? " " : "";
      setText(text.slice(0, at) + space + word2 + text.slice(at));
      area.current?.focus();
    };
    const select = (at) => {
      area.current?.focus();
      area.current?.setSelectionRange(at, /^\w+/.exec(text.slice(at)) ? at + (/^\w+/.exec(text.slice(at))?.[0].length ?? 1) : at + 1);
    };
    const keydown = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        run2(text);
      } else if (event.key === "Escape") {
        area.current?.blur();
      }
    };
    useKeys("SQL", [{ keys: "e", does: "edit the statement; Ctrl+Enter runs it, Escape leaves it", run: () => area.current?.focus() }]);
    const row = Number(address.params.get("row"));
    const chosen = Number.isInteger(row) && row > 0 ? row : null;
    if (may === false) {
      return /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("h1", { children: "SQL" }),
        /* @__PURE__ */ a3("p", { class: "notice notice-warn", children: [
          "You may not ask in SQL here: a person who runs the colony can give you the permission ",
          /* @__PURE__ */ a3("code", { children: "sql.read" }),
          "."
        ] })
      ] });
    }
    return /* @__PURE__ */ a3("div", { class: "sql", children: [
      /* @__PURE__ */ a3("div", { class: "sql-main", children: [
        /* @__PURE__ */ a3("div", { class: "head", children: [
          /* @__PURE__ */ a3("h1", { children: "SQL" }),
          /* @__PURE__ */ a3("p", { class: "soft sql-window", children: [
            "spans and metrics since ",
            window.ask.since,
            range === null && ", all that is stored: only lengths and full times narrow SQL"
          ] })
        ] }),
        /* @__PURE__ */ a3("form", { onSubmit: (event) => {
          event.preventDefault();
          run2(text);
        }, children: [
          /* @__PURE__ */ a3(
            "textarea",
            {
              ref: area,
              value: text,
              rows: Math.min(14, Math.max(4, text.split("\n").length + 1)),
              "aria-label": "Statement",
              "aria-describedby": "sql-hint",
              spellcheck: false,
              autocapitalize: "off",
              autocomplete: "off",
              placeholder: EXAMPLES[0]?.sql,
              onInput: (event) => setText(event.currentTarget.value),
              onKeyDown: keydown
            }
          ),
          /* @__PURE__ */ a3("p", { class: "actions sql-actions", children: [
            /* @__PURE__ */ a3("button", { type: "submit", class: "button-first", disabled: text.trim() === "", children: "Run" }),
            /* @__PURE__ */ a3("span", { id: "sql-hint", class: "soft small", children: "Ctrl+Enter runs. The address keeps the statement: save it as a bookmark." }),
            text !== sql && sql !== "" && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => setText(sql), children: "Undo changes" })
          ] })
        ] }),
        running.error !== null && /* @__PURE__ */ a3(Failed, { error: running.error, statement: sql, select, again: running.again }),
        /* @__PURE__ */ a3(Progress, { running }),
        /* @__PURE__ */ a3(Result, { running, chosen }),
        /* @__PURE__ */ a3(Command, { text: command("coral query sql", [(sql || (EXAMPLES[0]?.sql ?? "")).replaceAll("\n", " ")], window.explicitFlags.slice(0, 1)) })
      ] }),
      /* @__PURE__ */ a3(Help2, { run: run2, insert })
    ] });
  }
  function Failed({ error, statement, select, again }) {
    if (error.status === -1) return /* @__PURE__ */ a3("p", { class: "notice", children: [
      "Cancelled. ",
      /* @__PURE__ */ a3("button", { type: "button", onClick: again, children: "Run again" })
    ] });
    const [first2 = "", ...rest] = error.message.split("\n");
    const at = positionOf(error.message, statement);
    return /* @__PURE__ */ a3("div", { class: "notice notice-bad", role: "alert", children: [
      /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3("strong", { children: /* @__PURE__ */ a3(Spelled, { text: sentence(first2) }) }),
        error.hint !== null && /* @__PURE__ */ a3($, { children: [
          " ",
          /* @__PURE__ */ a3(Spelled, { text: sentence(error.hint) })
        ] })
      ] }),
      rest.join("").trim() !== "" && /* @__PURE__ */ a3("pre", { class: "sql-error", children: rest.join("\n").replace(/^\n+/, "") }),
      /* @__PURE__ */ a3("p", { class: "actions", children: [
        at !== null && /* @__PURE__ */ a3("button", { type: "button", onClick: () => select(at), children: "Show the place" }),
        error.status !== 400 && /* @__PURE__ */ a3("button", { type: "button", onClick: again, children: "Run again" })
      ] })
    ] });
  }
  function Progress({ running }) {
    const { askedAt, rows, count: so } = running;
    const [now2, setNow] = d2(0);
    A2(() => {
      setNow(0);
      if (askedAt === null) return;
      const soon = setTimeout(() => setNow(Date.now()), 150);
      const timer = setInterval(() => setNow(Date.now()), 500);
      return () => {
        clearTimeout(soon);
        clearInterval(timer);
      };
    }, [askedAt]);
    if (askedAt === null || now2 === 0) return null;
    const seconds = Math.round((now2 - askedAt) / 1e3);
    return /* @__PURE__ */ a3("p", { class: "waiting", role: "status", children: [
      "Running",
      seconds >= 2 && `: ${seconds} s`,
      rows !== null && so > 0 && `, ${counted(so, "row")} so far`,
      " ",
      /* @__PURE__ */ a3("button", { type: "button", onClick: running.cancel, children: "Cancel" })
    ] });
  }
  function Result({ running, chosen }) {
    const { rows, askedAt, error, tookMs } = running;
    if (rows === null) return null;
    const isOld = error !== null || askedAt !== null && rows.isWhole;
    const save = (kind) => {
      if (kind === "csv") download("coral.csv", "text/csv", csv(rows.columns, rows.rows));
      else download("coral.json", "application/json", json(rows.columns, rows.rows, rows.more));
    };
    return /* @__PURE__ */ a3("section", { class: isOld ? "answer-old" : void 0, "aria-label": "Answer", children: [
      /* @__PURE__ */ a3("p", { class: "sql-count", children: [
        /* @__PURE__ */ a3("strong", { children: counted(rows.rows.length, "row") }),
        tookMs !== null && !isOld && /* @__PURE__ */ a3("span", { class: "soft", children: tookMs < 1e3 ? `${tookMs} ms` : `${(tookMs / 1e3).toFixed(1)} s` }),
        isOld && /* @__PURE__ */ a3("span", { class: "soft", children: rows.isWhole ? "of the statement before" : "before it ended" }),
        rows.rows.length > 0 && /* @__PURE__ */ a3("span", { class: "actions", children: [
          /* @__PURE__ */ a3("button", { type: "button", onClick: () => save("csv"), children: "Save CSV" }),
          /* @__PURE__ */ a3("button", { type: "button", onClick: () => save("json"), children: "Save JSON" })
        ] })
      ] }),
      rows.more && rows.error === null && /* @__PURE__ */ a3("p", { class: "notice notice-warn", children: [
        "The colony's limit cut the answer after ",
        count(rows.rows.length),
        " rows (",
        /* @__PURE__ */ a3("code", { children: "sql.max_rows" }),
        ", ",
        /* @__PURE__ */ a3("code", { children: "sql.max_bytes" }),
        "). Ask for less: a shorter window, fewer columns, a LIMIT."
      ] }),
      rows.error !== null && /* @__PURE__ */ a3("div", { class: "notice notice-bad", role: "alert", children: [
        /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("strong", { children: "The statement failed after these rows." }) }),
        /* @__PURE__ */ a3("pre", { class: "sql-error", children: rows.error })
      ] }),
      rows.rows.length === 0 ? rows.isWhole && /* @__PURE__ */ a3("p", { class: "soft", children: [
        "The statement found no row",
        " ",
        "in this window. A longer window has more."
      ] }) : /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(RowTable, { columns: rows.columns, rows: rows.rows, chosen }),
        /* @__PURE__ */ a3(WholeRow, { columns: rows.columns, rows: rows.rows, chosen })
      ] })
    ] });
  }

  // src/screens/status/words.tsx
  function Words({ text }) {
    return /* @__PURE__ */ a3($, { children: text.split("`").map((part3, at) => at % 2 === 1 ? /* @__PURE__ */ a3("code", { children: part3 }, at) : part3) });
  }

  // src/screens/status/agents.tsx
  var SHOWN7 = 60;
  function Agents2({ of }) {
    if (of.agents.length === 0) return null;
    const agents = of.agents.toSorted((one, other) => Number(isWell(one)) - Number(isWell(other)));
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "Agents" }),
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Agents", children: /* @__PURE__ */ a3("table", { class: "cards agents-table", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { children: "Agent" }),
          /* @__PURE__ */ a3("th", { children: "State" }),
          /* @__PURE__ */ a3("th", { children: "Beyla" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Behind" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Spans/s" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Last stored" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Stored" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Missed" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Refused" }),
          /* @__PURE__ */ a3("th", { children: "Coral" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: agents.slice(0, SHOWN7).map((agent) => /* @__PURE__ */ a3(Row4, { of: agent }, agent.agent_id)) })
      ] }) }),
      agents.length > SHOWN7 && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        count(agents.length - SHOWN7),
        " more are as well as the last one."
      ] }),
      agents.filter(({ untraced }) => (untraced?.length ?? 0) > 0).slice(0, 5).map(({ agent_id, untraced }) => /* @__PURE__ */ a3("p", { class: "notice notice-warn", children: [
        "Beyla on ",
        /* @__PURE__ */ a3("strong", { children: agent_id }),
        " does not trace ",
        untraced?.map(({ name, port }) => `${name}:${port}`).join(", "),
        ", which listen there. ",
        /* @__PURE__ */ a3("code", { children: "sudo coral connect NAME:PORT" }),
        " on that host adds one."
      ] }, agent_id))
    ] });
  }
  function Row4({ of }) {
    const times2 = useTimes();
    const state = stateOf(of);
    return /* @__PURE__ */ a3("tr", { class: isWell(of) ? void 0 : "sick", children: [
      /* @__PURE__ */ a3("th", { scope: "row", children: [
        /* @__PURE__ */ a3("span", { tabIndex: -1, "data-row": true, children: of.agent_id }),
        /* @__PURE__ */ a3("span", { class: "agent-address", children: [
          of.address,
          ", ",
          of.known_by
        ] })
      ] }),
      /* @__PURE__ */ a3("td", { class: "wide", "data-label": "State", children: [
        /* @__PURE__ */ a3(Mark, { mark: state.mark, tone: state.tone, word: state.word }),
        !of.reachable && of.answered_at_unix_us !== null && /* @__PURE__ */ a3($, { children: [
          " since ",
          times2.short(of.answered_at_unix_us)
        ] }),
        of.last_error !== null && /* @__PURE__ */ a3("span", { class: "agent-reason", children: of.last_error }),
        of.last_refusal !== null && /* @__PURE__ */ a3("span", { class: "agent-reason", children: [
          "Refused a span: ",
          of.last_refusal
        ] })
      ] }),
      /* @__PURE__ */ a3("td", { class: "wide", "data-label": "Beyla", children: /* @__PURE__ */ a3(Beyla, { of }) }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Behind", children: of.lag_seconds === null ? "–" : behind(of.lag_seconds) }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Spans/s", children: of.spans_per_second === null ? "–" : of.spans_per_second.toFixed(1) }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Last stored", children: of.spans_at_unix_us === null ? "–" : ago(of.spans_at_unix_us) }),
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Stored", children: count(of.spans_stored) }),
      /* @__PURE__ */ a3("td", { class: `number${of.spans_missed > 0 ? " tone-bad" : ""}`, "data-label": "Missed", children: /* @__PURE__ */ a3(Lost, { count: of.spans_missed }) }),
      /* @__PURE__ */ a3("td", { class: `number${of.spans_refused > 0 ? " tone-bad" : ""}`, "data-label": "Refused", children: /* @__PURE__ */ a3(Lost, { count: of.spans_refused }) }),
      /* @__PURE__ */ a3("td", { "data-label": "Coral", children: of.version ?? "–" })
    ] });
  }
  function Lost(props) {
    return props.count === 0 ? /* @__PURE__ */ a3($, { children: "0" }) : /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: "✕ " }),
      count(props.count)
    ] });
  }
  function Beyla({ of }) {
    if (of.beyla === null) return /* @__PURE__ */ a3("span", { class: "soft", children: "not said" });
    const [, word2 = of.beyla, rest = ""] = /^(\S+?):?(?:\s+([\s\S]*))?$/.exec(of.beyla) ?? [];
    const reason = rest.replace(/^\(([\s\S]*)\)$/, "$1");
    const isBroken = beylaIsBroken(of.beyla);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Mark, { mark: isBroken ? "✕" : word2 === "running" ? "✓" : "–", tone: isBroken ? "bad" : word2 === "running" ? "good" : "soft", word: `${of.reachable ? "" : "was "}${word2}` }),
      reason !== "" && /* @__PURE__ */ a3("span", { class: "agent-reason", children: /* @__PURE__ */ a3(Words, { text: reason }) })
    ] });
  }

  // src/screens/status/counters.tsx
  var LOSSES = [
    { end: "spans.missed", says: "Spans that expired on an agent before this colony had fetched them" },
    { end: "spans.refused.invalid", says: "Spans that break the rules of OpenTelemetry, and can never be stored" },
    { end: "spans.refused.undecodable", says: "Spans that could not be decoded" },
    { end: "spans.refused.unstorable", says: "Spans that are too large to be stored" },
    { end: "spans.evicted", says: "Spans that were deleted early, because the limit of the store was reached" },
    { end: "spans.sampled_out", says: "Spans that the colony left out by its own sampling" },
    { end: "store.damaged", says: "Files of the store that cannot be read" },
    { end: "metrics.missed", says: "Metrics that expired on an agent before this colony had fetched them" },
    { end: "metrics.refused", says: "Metrics that can never be stored" },
    { end: "metrics.damaged", says: "Files of metrics that cannot be read" },
    { end: "metrics.evicted", says: "Metrics that were deleted early, because the limit was reached" },
    { end: "metric_points.overflown", says: "Metric points beyond the largest number of series" },
    { end: "links.dropped", says: "Links between spans that were not kept" },
    { end: "minutes.dropped", says: "Minutes of the coverage timeline that were not recorded" },
    { end: "polls.failed", says: "Polls of agents that failed" },
    { end: "pollers.panicked", says: "Pollers that crashed: please report it" },
    { end: "maintenance.failures", says: "Failures to clean up the store" },
    { end: "queries.refused", says: "Questions that were refused, because too many were asked at a time" },
    { end: "registrations.refused", says: "Agents that were refused" },
    { end: "audit.failures", says: "Failures to write the audit log" },
    { end: "audit.unrecorded", says: "Questions that the audit log does not have" }
  ];
  function lossOf(name) {
    return LOSSES.find(({ end }) => name.endsWith(`.${end}`))?.says ?? null;
  }
  function Counters(props) {
    const all = Object.entries(props.of);
    const known = all.filter(([name]) => lossOf(name) !== null);
    const lost = known.filter(([, value]) => value > 0);
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "What was lost" }),
      lost.length === 0 ? /* @__PURE__ */ a3("p", { children: [
        "Nothing since this colony started: ",
        counted(known.length, "counter"),
        " of losses, all 0."
      ] }) : /* @__PURE__ */ a3(Table2, { rows: lost }),
      /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("button", { type: "button", "aria-expanded": props.isAll, onClick: () => amend({ counters: props.isAll ? null : "all" }), children: props.isAll ? "Hide counters" : `All ${count(all.length)} counters` }) }),
      props.isAll && /* @__PURE__ */ a3(Table2, { rows: all.slice(0, 78) })
    ] });
  }
  function Table2(props) {
    return /* @__PURE__ */ a3("table", { class: "counters", children: [
      /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
        /* @__PURE__ */ a3("th", { class: "number", children: "Count" }),
        /* @__PURE__ */ a3("th", { children: "Of" })
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: props.rows.map(([name, value]) => {
        const loss = lossOf(name);
        const isLoss = loss !== null && value > 0;
        return /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("td", { class: `number${isLoss ? " tone-bad" : ""}`, children: [
            isLoss && /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: "✕ " }),
            count(value)
          ] }),
          /* @__PURE__ */ a3("td", { children: [
            loss !== null && /* @__PURE__ */ a3("span", { class: "counter-says", children: loss }),
            /* @__PURE__ */ a3("code", { children: name })
          ] })
        ] }, name);
      }) })
    ] });
  }

  // src/screens/status/problems.tsx
  function Problems({ of }) {
    const times2 = useTimes();
    if (of.problems.length === 0) {
      return /* @__PURE__ */ a3("p", { class: "status-fine", children: [
        /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: "No problem" }),
        " ",
        /* @__PURE__ */ a3("span", { children: [
          of.agents.length === 1 ? "The agent answers" : "All agents answer",
          ", is no more than a minute behind, and every stored span can be read."
        ] })
      ] });
    }
    return /* @__PURE__ */ a3("ol", { class: "problems", children: of.problems.map((problem, at) => {
      const { what, remedy } = inWords(problem, of, times2);
      return /* @__PURE__ */ a3("li", { class: `notice ${isWarning(problem) ? "notice-warn" : "notice-bad"}`, children: [
        /* @__PURE__ */ a3("p", { children: [
          /* @__PURE__ */ a3("span", { class: `mark tone-${isWarning(problem) ? "warn" : "bad"}`, "aria-hidden": "true", children: isWarning(problem) ? "!" : "✕" }),
          " ",
          /* @__PURE__ */ a3("strong", { children: what })
        ] }),
        /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3(Words, { text: remedy }) })
      ] }, at);
    }) });
  }
  function isWarning({ kind }) {
    return kind === "agent_behind" || kind === "agent_not_polled";
  }
  function inWords(problem, status, times2) {
    const agent = "agent_id" in problem ? status.agents.find(({ agent_id }) => agent_id === problem.agent_id) : void 0;
    const because = agent?.last_error == null ? "" : ` The colony says: ${agent.last_error}.`;
    switch (problem.kind) {
      case "no_agents":
        return { what: "No agent is known, so nothing is collected.", remedy: status.encryption === "tls" ? "`coral colony token create --agent NAME` prints the command that starts one on another host." : "Name agents in `colony.agents`, or start one with `--set agent.colony=URL`." };
      case "agent_not_polled":
        return { what: `Agent ${problem.agent_id} has not been polled yet.`, remedy: "It is asked within seconds. If this stays, look at the log of the colony." };
      case "agent_unreachable": {
        const since = problem.answered_at_unix_us === null ? "since this colony started" : `since ${times2.short(problem.answered_at_unix_us)} (${ago(problem.answered_at_unix_us)})`;
        return {
          what: `Agent ${problem.agent_id} has been unreachable ${since}: its spans are missing here.`,
          remedy: `Is its host up, and does \`coral agent\` run there?${agent === void 0 ? "" : ` It is asked at ${agent.address}.`} It keeps spans for an hour by default, and they arrive when it is back.${because}`
        };
      }
      case "agent_unusable":
        return unusable(problem.agent_id, problem.state, because);
      case "cannot_store":
        return { what: `This colony cannot store the spans of agent ${problem.agent_id}.`, remedy: `Is the disk full, or not writable? The log of the colony names the file.${because}` };
      case "agent_behind":
        return { what: `This colony is ${behind(problem.seconds)} behind agent ${problem.agent_id}: its newest spans are missing here.`, remedy: "After an interruption the colony catches up by itself. If the number grows, the network or the disk of the colony is too slow." };
      case "beyla_not_working":
        return { what: `Beyla does not work on agent ${problem.agent_id}: ${ends(problem.beyla)}.`, remedy: "Programs without an SDK are not seen there. `sudo coral beyla doctor` on that host says what is missing." };
      case "shard_unavailable":
        return { what: `${problem.url} does not answer: nothing is stored, and questions about its traces fail.`, remedy: `Does ClickHouse run there? \`curl ${problem.url}/ping\` answers \`Ok.\`. Agents keep spans for an hour by default, and they arrive when the server is back. The colony says: ${ends(problem.error)}.` };
      case "spans_damaged":
        return { what: `${counted(problem.spans, "stored span")} cannot be read: a file is damaged.`, remedy: "`coral store repair` reads the file again, and keeps what can be read." };
    }
  }
  function unusable(agent, state, because) {
    if (state === "refuses") return { what: `Agent ${agent} refuses to be polled.`, remedy: `It does not trust this colony. Let it join again: \`coral colony token create --agent ${agent}\` prints the command.${because}` };
    if (state === "too_old") return { what: `Agent ${agent} runs a version of Coral that is too old.`, remedy: `Update Coral on its host.${because}` };
    return { what: `Agent ${agent} sends replies that are not an agent's.`, remedy: `Something else may listen at its address.${because}` };
  }
  function ends(text) {
    return text.replace(/[.\s]+$/, "");
  }

  // src/screens/status/store.tsx
  var DAY_S = 86400;
  function Store({ of }) {
    const { store: store2, sql_library } = of;
    const least = store2.shards?.some(({ last_error }) => last_error !== null) ? "at least " : "";
    const used = store2.max_bytes > 0 ? store2.bytes / store2.max_bytes : 0;
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "Store" }),
      /* @__PURE__ */ a3("div", { class: "status-pair", children: [
        /* @__PURE__ */ a3("dl", { class: "facts-wide", children: [
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "On disk" }),
            /* @__PURE__ */ a3("dd", { children: [
              /* @__PURE__ */ a3("span", { class: "meter", role: "img", "aria-label": `${rate(used)} of the limit`, children: /* @__PURE__ */ a3("span", { class: used > 0.9 ? "meter-full" : "", style: { width: `${Math.min(100, used * 100)}%` } }) }),
              least,
              /* @__PURE__ */ a3("strong", { children: bytes(store2.bytes) }),
              " of ",
              bytes(store2.max_bytes),
              " (",
              rate(used),
              ")"
            ] })
          ] }),
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Spans" }),
            /* @__PURE__ */ a3("dd", { children: [
              least,
              counted(store2.spans, "span"),
              store2.oldest_received_unix_us !== null && /* @__PURE__ */ a3($, { children: [
                ", the oldest received ",
                ago(store2.oldest_received_unix_us)
              ] })
            ] })
          ] }),
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Kept for" }),
            /* @__PURE__ */ a3("dd", { children: [
              days(store2.keep_seconds),
              ", or until the limit is reached"
            ] })
          ] }),
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Will fit" }),
            /* @__PURE__ */ a3("dd", { children: forecast(store2, Date.now()) })
          ] }),
          store2.shards?.map((shard, at) => /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: [
              "Shard ",
              at + 1
            ] }),
            /* @__PURE__ */ a3("dd", { children: shard.last_error !== null || shard.bytes === null || shard.spans === null ? /* @__PURE__ */ a3($, { children: [
              /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "does not answer" }),
              /* @__PURE__ */ a3("span", { class: "agent-reason", children: shard.url })
            ] }) : /* @__PURE__ */ a3($, { children: [
              /* @__PURE__ */ a3("strong", { children: bytes(shard.bytes) }),
              ", ",
              counted(shard.spans, "row"),
              " of spans",
              shard.free_bytes !== null && /* @__PURE__ */ a3($, { children: [
                ", ",
                bytes(shard.free_bytes),
                " free"
              ] }),
              /* @__PURE__ */ a3("span", { class: "agent-reason", children: [
                shard.url,
                ", ClickHouse ",
                shard.version
              ] })
            ] }) })
          ] }, shard.url)),
          store2.spans_damaged > 0 && /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Damaged" }),
            /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: `${counted(store2.spans_damaged, "span")} cannot be read` }) })
          ] })
        ] }),
        /* @__PURE__ */ a3("dl", { class: "facts-wide", children: /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "SQL" }),
          /* @__PURE__ */ a3("dd", { children: sql_library.path === null ? /* @__PURE__ */ a3($, { children: [
            /* @__PURE__ */ a3(Mark, { mark: "–", tone: "soft", word: "not available" }),
            /* @__PURE__ */ a3("span", { class: "agent-reason", children: /* @__PURE__ */ a3(Words, { text: sql_library.reason ?? "no library of DuckDB was found" }) })
          ] }) : /* @__PURE__ */ a3($, { children: [
            /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: "available" }),
            /* @__PURE__ */ a3("span", { class: "agent-reason", children: [
              sql_library.path,
              sql_library.found_by !== null && `, ${sql_library.found_by}`
            ] })
          ] }) })
        ] }) })
      ] })
    ] });
  }
  function days(seconds) {
    if (seconds >= 2 * DAY_S) return `${Math.round(seconds / DAY_S)} d`;
    if (seconds >= 7200) return `${Math.round(seconds / 3600)} h`;
    return `${Math.max(0, Math.round(seconds / 60))} min`;
  }
  function forecast(store2, nowMs) {
    const { oldest_received_unix_us, bytes: used, max_bytes, keep_seconds } = store2;
    const age = oldest_received_unix_us === null ? 0 : nowMs / 1e3 - oldest_received_unix_us / 1e6;
    if (used === 0 || age < 60) return "too young to tell";
    const fits = max_bytes / (used / age);
    if (fits >= keep_seconds) return `all ${days(keep_seconds)} at the rate so far, which take ${bytes(used / age * keep_seconds)}`;
    const left = (max_bytes - used) / (used / age);
    return left > 0 ? `about ${days(fits)} at the rate so far: full in ${days(left)}, then the oldest spans are deleted early` : `about ${days(fits)}: the limit is reached, and the oldest spans are deleted early`;
  }

  // src/screens/status/timeline.tsx
  function Timeline(props) {
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "What was seen of agents" }),
      /* @__PURE__ */ a3(Answer, { of: props.of, what: "what was seen of agents", children: (answer) => /* @__PURE__ */ a3(Lanes, { of: answer, status: props.status }) })
    ] });
  }
  function Lanes({ of, status }) {
    const times2 = useTimes();
    const since = of.baseline_since_unix_us;
    const until = of.until_unix_us;
    const names = [.../* @__PURE__ */ new Set([...status.agents.map(({ agent_id }) => agent_id), ...of.coverage.map(({ agent_id }) => agent_id)])];
    const gapsOf = (name) => of.coverage.filter(({ agent_id }) => agent_id === name);
    const shown2 = names.toSorted((one, other) => gapsOf(other).length - gapsOf(one).length).slice(0, 30);
    const percent2 = (time2) => `${(Math.min(Math.max((time2 - since) / (until - since), 0), 1) * 100).toFixed(2)}%`;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "lanes", children: [
        shown2.map((name) => /* @__PURE__ */ a3("div", { class: "lane", children: [
          /* @__PURE__ */ a3("span", { class: "lane-name", children: name }),
          /* @__PURE__ */ a3("span", { class: "lane-line", role: "img", "aria-label": laneInWords(name, gapsOf(name), times2.short), children: gapsOf(name).map((gap) => /* @__PURE__ */ a3(Gap, { of: gap, since, until, percent: percent2 }, `${gap.gap} ${gap.since_unix_us}`)) })
        ] }, name)),
        /* @__PURE__ */ a3("div", { class: "lane lane-times", "aria-hidden": "true", children: [
          /* @__PURE__ */ a3("span", {}),
          /* @__PURE__ */ a3("span", { class: "lane-axis", children: timeTicks(since, until, 5).map((tick) => /* @__PURE__ */ a3("span", { style: { left: `clamp(1.2rem, ${percent2(tick)}, calc(100% - 1.2rem))` }, children: times2.short(tick) }, tick)) })
        ] })
      ] }),
      names.length === 0 ? /* @__PURE__ */ a3("p", { class: "soft small", children: "No agent was known in this time." }) : of.coverage.length === 0 ? /* @__PURE__ */ a3("p", { class: "soft small", children: [
        "No gap from ",
        times2.short(since),
        " to ",
        times2.short(until),
        ": every agent answered, and what it had is here."
      ] }) : /* @__PURE__ */ a3("ul", { class: "lane-words", children: of.coverage.map((gap) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("strong", { children: gap.agent_id }),
        " ",
        gapInWords(gap, times2.short)
      ] }, `${gap.agent_id} ${gap.gap} ${gap.since_unix_us}`)) }),
      names.length > shown2.length && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        counted(names.length - shown2.length, "more agent"),
        " without a gap."
      ] })
    ] });
  }
  function Gap(props) {
    const { of, percent: percent2 } = props;
    const isMoment = of.gap === "joined" || of.gap === "sampling_changed";
    const from = of.since_unix_us ?? props.since;
    const to = isMoment ? from : of.until_unix_us ?? props.until;
    const left = percent2(from);
    return /* @__PURE__ */ a3("span", { class: `lane-gap lane-${of.gap}`, style: { left, width: isMoment ? "3px" : `calc(${percent2(to)} - ${left})` } });
  }
  function laneInWords(name, gaps, short2) {
    return gaps.length === 0 ? `${name}: no gap` : `${name}: ${gaps.map((gap) => gapInWords(gap, short2)).join("; ")}`;
  }

  // src/screens/status/status.tsx
  function Status({ address, window }) {
    const may = useMay("status.read");
    const status = useAnswer("status", may === true ? {} : null);
    const maySeeServices = useMay("metrics.read");
    const services = useAnswer("services", status.answer !== null && maySeeServices === true ? { ...window.ask, baseline: "1h" } : null);
    const title = headline2(status.answer);
    useTitle(title);
    useListKeys("Status", ".status-screen [data-row]");
    if (may === false) return /* @__PURE__ */ a3(NotAllowed, {});
    return /* @__PURE__ */ a3("div", { class: "status-screen", children: [
      /* @__PURE__ */ a3("h1", { children: title }),
      /* @__PURE__ */ a3(Answer, { of: status, what: "the state of the colony", children: (answer) => /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("p", { class: "soft small status-about", children: about(answer) }),
        /* @__PURE__ */ a3(Problems, { of: answer }),
        /* @__PURE__ */ a3(Agents2, { of: answer }),
        maySeeServices === true && /* @__PURE__ */ a3(Timeline, { of: services, status: answer }),
        /* @__PURE__ */ a3(Store, { of: answer }),
        /* @__PURE__ */ a3(Counters, { of: answer.counters, isAll: address.params.has("counters") })
      ] }) }),
      /* @__PURE__ */ a3(Command, { text: "coral colony status" })
    ] });
  }
  function headline2(status) {
    if (status === null) return "Status";
    const { problems, agents, store: store2 } = status;
    if (problems.length > 0) return counted(problems.length, "problem");
    if (store2.spans === 0) return `${counted(agents.length, "agent")} polled, no span stored yet`;
    return agents.length === 1 ? "Healthy: the agent is polled" : `Healthy: all ${agents.length} agents are polled`;
  }
  function about({ version, encryption, agents }) {
    const sent = {
      tls: "what it sends is encrypted (TLS)",
      loopback: "it answers on this host only, so nothing leaves it",
      insecure_plaintext: "what it sends is not encrypted: everybody on the network can read it"
    }[encryption];
    return [`Coral ${version}`, counted(agents.length, "agent"), sent].filter(Boolean).join(" · ");
  }
  function NotAllowed() {
    return /* @__PURE__ */ a3("div", { class: "status-screen", children: [
      /* @__PURE__ */ a3("h1", { children: "Status" }),
      /* @__PURE__ */ a3("p", { class: "notice", children: [
        "Your access does not include the state of the colony (",
        /* @__PURE__ */ a3("code", { children: "status.read" }),
        "). Ask who gave you the access, or go on with services and traces."
      ] }),
      /* @__PURE__ */ a3(Command, { text: "coral colony status" })
    ] });
  }

  // src/screens/trace/attributes.tsx
  var LONGEST2 = 4096;
  var MOST4 = 60;
  function Attributes2(props) {
    const entries = Object.entries(props.of).toSorted(([one], [other]) => one < other ? -1 : 1);
    const [isAll, setAll] = d2(false);
    if (entries.length === 0) return /* @__PURE__ */ a3("p", { class: "soft", children: "None." });
    const shown2 = isAll ? entries : entries.slice(0, MOST4);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("dl", { class: "attributes", children: shown2.map(([key, value]) => /* @__PURE__ */ a3("div", { children: [
        /* @__PURE__ */ a3("dt", { children: key }),
        /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Value2, { of: value }) })
      ] }, key)) }),
      shown2.length < entries.length && /* @__PURE__ */ a3("button", { type: "button", onClick: () => setAll(true), children: [
        "Show all ",
        entries.length
      ] })
    ] });
  }
  function Value2(props) {
    const [isAll, setAll] = d2(false);
    const text = typeof props.of === "string" ? props.of : JSON.stringify(props.of);
    if (text === void 0 || text === "") return /* @__PURE__ */ a3("span", { class: "soft", children: "empty" });
    if (text.length <= LONGEST2 || isAll) return /* @__PURE__ */ a3(Text, { of: text });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Text, { of: cut3(text) }),
      "…",
      " ",
      /* @__PURE__ */ a3("button", { type: "button", onClick: () => setAll(true), children: [
        "Show all ",
        bytes(text.length)
      ] })
    ] });
  }
  function Text(props) {
    const { of } = props;
    return isWebAddress(of) ? /* @__PURE__ */ a3("a", { href: of, rel: "noopener noreferrer", target: "_blank", children: of }) : /* @__PURE__ */ a3($, { children: of });
  }
  function cut3(text, length = LONGEST2) {
    if (text.length <= length) return text;
    const code = text.charCodeAt(length - 1);
    return text.slice(0, code >= 55296 && code < 56320 ? length - 1 : length);
  }
  function shortened(text, length = 160) {
    return text.length <= length ? text : `${cut3(text, length)}…`;
  }
  function isWebAddress(text) {
    if (!/^https?:\/\/[\x21-\x7e]+$/i.test(text) || text.length > 2e3) return false;
    try {
      const url = new URL(text);
      return (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "";
    } catch {
      return false;
    }
  }

  // src/screens/trace/rows.ts
  var ERROR = 1;
  var ORPHAN = 2;
  var MOVED = 8;
  var CRITICAL = 16;
  var REDACTED = 32;
  var OUTLIVES = 64;
  var REPEATED = 128;
  var CYCLE = 256;
  var ANSWERED = 512;
  var KINDS2 = ["internal", "server", "client", "producer", "consumer"];
  var ID_DIGITS = 16;
  var SHORT_DIGITS = 8;
  var Rows2 = class {
    count;
    services;
    names;
    depth;
    /** From the start of the trace, in microseconds. */
    start;
    duration;
    self;
    service;
    name;
    kind;
    flags;
    /** The first row after the row's subtree. */
    end;
    /** The row above in the tree; -1 for none. */
    parent;
    /** Which of its siblings a row is, from 1, and how many there are. */
    position;
    /** The first row below spans whose parent was not received; `count` if there is none. */
    firstOrphan;
    /** Segments of the critical path: those of `row` are from `segmentsAt[row]` to `segmentsAt[row + 1]`. */
    segmentsAt;
    segmentStart;
    segmentEnd;
    /** The rows of the critical path, in order of time. */
    criticalRows;
    ids;
    siblings;
    roots = 0;
    constructor(of) {
      const count2 = of.depth.length;
      this.count = count2;
      this.services = of.services;
      this.names = of.names;
      this.ids = of.span_ids;
      this.depth = Uint32Array.from(of.depth);
      this.start = Float64Array.from(of.start_us);
      this.duration = Float64Array.from(of.duration_us);
      this.self = Float64Array.from(of.self_us);
      this.service = Uint32Array.from(of.service);
      this.name = Uint32Array.from(of.name);
      this.kind = Uint8Array.from(of.kind);
      this.flags = Uint16Array.from(of.flags);
      this.end = new Int32Array(count2).fill(count2);
      this.parent = new Int32Array(count2).fill(-1);
      this.position = new Int32Array(count2);
      this.siblings = new Int32Array(count2);
      this.firstOrphan = this.link();
      this.criticalRows = of.critical_row;
      this.segmentsAt = new Uint32Array(count2 + 1);
      this.segmentStart = new Float64Array(of.critical_row.length);
      this.segmentEnd = new Float64Array(of.critical_row.length);
      this.placeSegments(of);
    }
    link() {
      const above = [];
      let firstOrphan = this.count;
      for (let row = 0; row < this.count; row += 1) {
        const depth = this.depth[row];
        while (above.length > 0 && this.depth[above.at(-1)] >= depth) this.end[above.pop()] = row;
        const parent = above.at(-1) ?? -1;
        if (parent < 0 && firstOrphan === this.count && (this.flags[row] & (ORPHAN | CYCLE)) !== 0) firstOrphan = row;
        this.parent[row] = parent;
        this.position[row] = parent < 0 ? ++this.roots : ++this.siblings[parent];
        above.push(row);
      }
      return firstOrphan;
    }
    placeSegments(of) {
      for (const row of of.critical_row) this.segmentsAt[row + 1] += 1;
      for (let row = 0; row < this.count; row += 1) this.segmentsAt[row + 1] += this.segmentsAt[row];
      const next = this.segmentsAt.slice();
      of.critical_row.forEach((row, at) => {
        const place = next[row]++;
        this.segmentStart[place] = of.critical_start_us[at];
        this.segmentEnd[place] = of.critical_end_us[at];
      });
    }
    /** How many rows have the same parent as `row`. */
    setSize(row) {
      const parent = this.parent[row];
      return parent < 0 ? this.roots : this.siblings[parent];
    }
    hasChildren(row) {
      return this.end[row] > row + 1;
    }
    is(row, flag) {
      return (this.flags[row] & flag) !== 0;
    }
    /** Whether a row is the server's side of the call in the row above. */
    isAnswer(row) {
      return row > 0 && this.is(row - 1, ANSWERED);
    }
    serviceOf(row) {
      return this.services[this.service[row]] ?? "";
    }
    nameOf(row) {
      return this.names[this.name[row]] ?? "";
    }
    kindOf(row) {
      return KINDS2[this.kind[row]] ?? "internal";
    }
    /** The span id of a row; null for one that the caller may not see. */
    idOf(row) {
      return this.is(row, REDACTED) ? null : this.ids.slice(row * ID_DIGITS, (row + 1) * ID_DIGITS);
    }
    /** The row that `key` names: a span id, its beginning, or `row` with a number; -1 if there is none. */
    find(key) {
      const number = /^row(\d{1,7})$/.exec(key)?.[1];
      if (number !== void 0) return Number(number) < this.count ? Number(number) : -1;
      if (!/^[0-9a-f]{4,16}$/.test(key)) return -1;
      for (let at = this.ids.indexOf(key); at >= 0; at = this.ids.indexOf(key, at + 1)) {
        if (at % ID_DIGITS === 0) return at / ID_DIGITS;
      }
      return -1;
    }
    /** What names a row in the URL: its span id, or its number where the id does not tell. */
    keyOf(row) {
      const id = this.idOf(row);
      return id !== null && !this.is(row, REPEATED) ? id : `row${row}`;
    }
    /** The same in fewer digits, where they are enough. */
    shortKeyOf(row) {
      const key = this.keyOf(row);
      const short2 = key.slice(0, SHORT_DIGITS);
      return this.find(short2) === row ? short2 : key;
    }
    /** The rows above `row`, the nearest first. */
    above(row) {
      const rows = [];
      for (let at = this.parent[row] ?? -1; at >= 0; at = this.parent[at]) rows.push(at);
      return rows;
    }
  };

  // src/screens/trace/call.ts
  function callsOf(rows) {
    const found = /* @__PURE__ */ new Map();
    for (let row = 0; row < rows.count; row += 1) {
      const parent = rows.parent[row];
      if (parent < 0) continue;
      const [from, to] = [rows.service[parent], rows.service[row]];
      if (from === to) continue;
      const key = from * rows.services.length + to;
      let call = found.get(key);
      if (!call) found.set(key, call = { from, to, calls: 0, errors: 0, total: 0, isCritical: false });
      call.calls += 1;
      call.errors += rows.flags[row] & ERROR;
      call.total += rows.duration[row];
      call.isCritical ||= (rows.flags[row] & CRITICAL) !== 0;
    }
    return [...found.values()].sort((one, other) => other.calls - one.calls);
  }
  var SWEEPS = 6;
  function layersOf(services, calls2) {
    const callees = new Map(services.map((service) => [service, []]));
    for (const { from, to } of calls2) if (callees.has(to)) callees.get(from)?.push(to);
    const order = topological(services, callees);
    const rank = new Map(order.map((service, at2) => [service, at2]));
    const layer = new Map(services.map((service) => [service, 0]));
    const isForward = (from, to) => rank.get(from) < rank.get(to);
    for (const from of order) {
      for (const to of callees.get(from)) if (isForward(from, to)) layer.set(to, Math.max(layer.get(to), layer.get(from) + 1));
    }
    const layers2 = [];
    for (const service of order) (layers2[layer.get(service)] ??= []).push(service);
    const at = /* @__PURE__ */ new Map();
    const number = (services2) => services2.forEach((service, place) => at.set(service, place - (services2.length - 1) / 2));
    layers2.forEach(number);
    const around2 = new Map(services.map((service) => [service, []]));
    for (const { from, to } of calls2) {
      if (!around2.has(from) || !around2.has(to)) continue;
      around2.get(from).push(to);
      around2.get(to).push(from);
    }
    const middle2 = (service) => {
      const near = around2.get(service);
      return near.length === 0 ? at.get(service) : near.reduce((sum, other) => sum + at.get(other), 0) / near.length;
    };
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      for (const services2 of sweep % 2 === 0 ? layers2 : layers2.toReversed()) {
        services2.sort((one, other) => middle2(one) - middle2(other));
        number(services2);
      }
    }
    return layers2.flatMap((services2, layer2) => services2.map((service) => ({ service, layer: layer2, at: at.get(service) })));
  }
  function topological(services, callees) {
    const done = /* @__PURE__ */ new Set();
    const order = [];
    for (const root of services) {
      const path3 = done.has(root) ? [] : [{ service: root, next: 0 }];
      done.add(root);
      while (path3.length > 0) {
        const top = path3.at(-1);
        const callee = callees.get(top.service)[top.next++];
        if (callee === void 0) order.push(path3.pop().service);
        else if (!done.has(callee)) {
          done.add(callee);
          path3.push({ service: callee, next: 0 });
        }
      }
    }
    return order.reverse();
  }

  // src/screens/trace/calls.tsx
  var WIDTH = 190;
  var HEIGHT = 64;
  var BELOW = 44;
  var GAP_X = 110;
  var GAP_Y = 24;
  var MARGIN = 12;
  var MOST5 = 40;
  var IN_TABLE = 60;
  var LONGEST_NAME = 24;
  function Calls3(props) {
    const { rows, times: times2 } = props;
    const calls2 = w2(() => callsOf(rows), [rows]);
    const shown2 = w2(() => times2.slice(0, MOST5).map((time2) => rows.services.indexOf(time2.service)).filter((service) => service >= 0), [rows, times2]);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Drawing, { rows, calls: calls2, services: shown2, times: times2 }),
      times2.length > MOST5 && /* @__PURE__ */ a3("p", { class: "soft", children: [
        "The drawing has the ",
        MOST5,
        " services that the request waited for longest, of ",
        count(times2.length),
        "."
      ] }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: "Databases and other systems that send no spans are no services of their own here. They are client spans in the waterfall." }),
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Calls between services", children: /* @__PURE__ */ a3("table", { class: "cards", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "From" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "To" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Calls" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Failed" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Mean" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Critical path" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: calls2.slice(0, IN_TABLE).map((call) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("td", { "data-label": "From", children: /* @__PURE__ */ a3(Service, { name: rows.services[call.from] }) }),
          /* @__PURE__ */ a3("td", { "data-label": "To", children: /* @__PURE__ */ a3(Service, { name: rows.services[call.to] }) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Calls", children: count(call.calls) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Failed", children: call.errors > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
            "✕ ",
            count(call.errors)
          ] }) : 0 }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Mean", children: duration(call.total / call.calls) }),
          /* @__PURE__ */ a3("td", { "data-label": "Critical path", children: call.isCritical ? "yes" : "no" })
        ] }, `${call.from} ${call.to}`)) })
      ] }) }),
      calls2.length === 0 && /* @__PURE__ */ a3("p", { class: "soft", children: "No service of this trace called another one." }),
      calls2.length > IN_TABLE && /* @__PURE__ */ a3("p", { class: "soft", children: [
        counted(calls2.length - IN_TABLE, "further call"),
        " are not listed."
      ] })
    ] });
  }
  function Drawing(props) {
    const { rows, calls: calls2, services, times: times2 } = props;
    const places = w2(() => layersOf(services, calls2), [services, calls2]);
    if (places.length === 0) return null;
    const layers2 = Math.max(...places.map((place) => place.layer)) + 1;
    const tallest = Math.max(...places.map((place) => Math.abs(place.at))) * 2 + 1;
    const width = MARGIN * 2 + layers2 * WIDTH + (layers2 - 1) * GAP_X;
    const middle2 = MARGIN + (tallest * (HEIGHT + GAP_Y) - GAP_Y) / 2;
    const at = new Map(places.map((place) => [place.service, { x: MARGIN + place.layer * (WIDTH + GAP_X), y: middle2 + place.at * (HEIGHT + GAP_Y) }]));
    const hasBack = calls2.some(({ from, to }) => (at.get(to)?.x ?? Infinity) <= (at.get(from)?.x ?? -Infinity));
    const height = middle2 * 2 + (hasBack ? BELOW : 0);
    const waited = times2.reduce((sum, time2) => sum + time2.critical_us, 0);
    return /* @__PURE__ */ a3("div", { class: "calls-drawing", children: /* @__PURE__ */ a3("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": "Services of the trace and their calls", children: [
      /* @__PURE__ */ a3("defs", { children: /* @__PURE__ */ a3("marker", { id: "call-end", viewBox: "0 0 8 8", refX: "8", refY: "4", markerWidth: "9", markerHeight: "9", markerUnits: "userSpaceOnUse", orient: "auto", children: /* @__PURE__ */ a3("path", { d: "M0 0L8 4L0 8z", class: "call-arrow" }) }) }),
      calls2.map((call) => {
        const [from, to] = [at.get(call.from), at.get(call.to)];
        if (!from || !to) return null;
        const isBack = to.x <= from.x;
        const [x1, x2] = isBack ? [from.x + WIDTH / 2, to.x + WIDTH / 2] : [from.x + WIDTH, to.x];
        const [y1, y22] = isBack ? [from.y + HEIGHT / 2, to.y + HEIGHT / 2] : [from.y, to.y];
        const bend = Math.max(40, Math.abs(x2 - x1) / 2);
        const path3 = isBack ? `M${x1} ${y1}C${x1} ${y1 + 40} ${x2} ${y22 + 40} ${x2} ${y22}` : `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y22} ${x2} ${y22}`;
        return /* @__PURE__ */ a3("g", { class: `call ${call.isCritical ? "is-critical" : ""} ${call.errors > 0 ? "is-failing" : ""}`, children: [
          /* @__PURE__ */ a3("path", { d: path3, "marker-end": "url(#call-end)" }),
          /* @__PURE__ */ a3("text", { x: (x1 + x2) / 2, y: (y1 + y22) / 2 - 6, "text-anchor": "middle", children: `${count(call.calls)}×${call.errors > 0 ? ` ✕${count(call.errors)}` : ""}` })
        ] }, `${call.from} ${call.to}`);
      }),
      places.map(({ service }) => {
        const { x: x2, y: y3 } = at.get(service);
        const name = rows.services[service];
        const time2 = times2.find((time3) => time3.service === name);
        return /* @__PURE__ */ a3("a", { href: href("service", { name }), class: `node service-${serviceColor(name)}`, children: [
          /* @__PURE__ */ a3("rect", { x: x2, y: y3 - HEIGHT / 2, width: WIDTH, height: HEIGHT, rx: "6" }),
          /* @__PURE__ */ a3("rect", { x: x2, y: y3 - HEIGHT / 2, width: "5", height: HEIGHT, rx: "2", class: "node-edge" }),
          /* @__PURE__ */ a3("text", { x: x2 + 14, y: y3 - 13, class: "node-name", children: name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name }),
          waited > 0 && time2 && /* @__PURE__ */ a3("text", { x: x2 + 14, y: y3 + 5, class: "node-words", children: `${percent(time2.critical_us / waited)} of the wait` }),
          /* @__PURE__ */ a3("text", { x: x2 + 14, y: y3 + 22, class: "node-words", children: `${counted(time2?.spans ?? 0, "span")}${time2 && time2.errors > 0 ? `, ✕ ${counted(time2.errors, "error")}` : ""}` })
        ] }, service);
      })
    ] }) });
  }

  // src/screens/trace/lines.ts
  var ORPHANS = -1;
  var ORPHANS_KEY = "orphans";
  var MAX_TOGGLED = 100;
  function closedRows(rows, closed) {
    const is = new Uint8Array(rows.count);
    const { level } = closed;
    if (level !== null) for (let row = 0; row < rows.count; row += 1) is[row] = rows.depth[row] >= level ? 1 : 0;
    for (const key of closed.toggled) {
      const row = rows.find(key);
      if (row >= 0) is[row] = 1 - is[row];
    }
    return is;
  }
  function toggle(rows, closed, ...which) {
    const toggled = new Set(closed.toggled);
    for (const row of which) {
      const key = row === ORPHANS ? ORPHANS_KEY : rows.shortKeyOf(row);
      if (!toggled.delete(key)) toggled.add(key);
    }
    return { ...closed, toggled: [...toggled].slice(-MAX_TOGGLED) };
  }
  function changeLevel(rows, closed, by) {
    let deepest = 0;
    for (let row = 0; row < rows.count; row += 1) if (rows.hasChildren(row)) deepest = Math.max(deepest, rows.depth[row]);
    const level = (closed.level ?? deepest + 1) + by;
    return { level: level > deepest ? null : Math.max(0, level), toggled: [] };
  }
  function linesOf(rows, closed, root, keep) {
    const isClosed = closedRows(rows, closed);
    const lines = new Int32Array(rows.count + 1);
    let length = 0;
    const last = root === null ? rows.count : rows.end[root];
    let isInOrphans = root !== null;
    for (let row = root ?? 0; row < last; ) {
      if (!isInOrphans && row >= rows.firstOrphan && (keep === null || hasAny(keep, row))) {
        isInOrphans = true;
        lines[length++] = ORPHANS;
        if (closed.toggled.includes(ORPHANS_KEY)) break;
      }
      if (keep !== null && keep[row] === 0) {
        row = rows.end[row];
        continue;
      }
      lines[length++] = row;
      row = isClosed[row] === 1 ? rows.end[row] : row + 1;
    }
    return lines.subarray(0, length);
  }
  function hasAny(keep, from) {
    return keep.indexOf(1, from) >= 0;
  }
  function withAbove(rows, matches) {
    const keep = matches.slice();
    for (let row = rows.count - 1; row >= 0; row -= 1) {
      const parent = rows.parent[row];
      if (keep[row] === 1 && parent >= 0) keep[parent] = 1;
    }
    return keep;
  }
  function lineOf(rows, lines, row) {
    for (const at of [row, ...row >= 0 ? rows.above(row) : []]) {
      const line = search(lines, at);
      if (line >= 0) return line;
    }
    return -1;
  }
  function search(lines, row) {
    if (row === ORPHANS) return lines.indexOf(ORPHANS);
    let low = 0;
    let high = lines.length - 1;
    while (low <= high) {
      let middle2 = low + high >> 1;
      if (lines[middle2] === ORPHANS) {
        if (middle2 + 1 <= high) middle2 += 1;
        else if (middle2 - 1 >= low) middle2 -= 1;
        else return -1;
      }
      const there = lines[middle2];
      if (there === row) return middle2;
      if (there < row) low = middle2 + 1;
      else high = middle2 - 1;
    }
    return -1;
  }

  // src/screens/trace/zoom.ts
  var SHORTEST_US = 2;
  function clamp(range, length) {
    const all = Math.max(length, 1);
    const size = Math.min(Math.max(range.end - range.start, Math.min(SHORTEST_US, all)), all);
    const start = Math.min(Math.max(0, range.start), all - size);
    return { start: Math.round(start), end: Math.round(start + size) };
  }
  function readZoom(text, length) {
    const match = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "");
    const range = match ? { start: Number(match[1]), end: Number(match[2]) } : null;
    return range && range.end > range.start ? clamp(range, length) : { start: 0, end: Math.max(length, 1) };
  }
  function writeZoom(range, length) {
    return range.start <= 0 && range.end >= length ? null : `${range.start}-${range.end}`;
  }
  function scale(range, factor2, length) {
    const middle2 = (range.start + range.end) / 2;
    const half = (range.end - range.start) * factor2 / 2;
    return clamp({ start: middle2 - half, end: middle2 + half }, length);
  }
  function around(start, duration2, length) {
    const room = Math.max(duration2 * 0.05, 1);
    return clamp({ start: start - room, end: start + duration2 + room }, length);
  }
  function ticks(range, most) {
    const size = range.end - range.start;
    const rough = size / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(Math.max(rough, 1)));
    const step = [1, 2, 5, 10].map((factor2) => factor2 * power).find((step2) => step2 >= rough) ?? power * 10;
    const marks = [];
    for (let at = Math.ceil(range.start / step) * step; at <= range.end; at += step) marks.push(at);
    return marks;
  }
  function part(us, range) {
    return (us - range.start) / Math.max(1, range.end - range.start);
  }

  // src/screens/trace/line.tsx
  var CLIENT = 2;
  var PRODUCER = 3;
  var INDENT_REM = 0.8;
  var MAX_INDENTED = 16;
  var Line3 = class extends x {
    shouldComponentUpdate(next) {
      for (const name of Object.keys(next)) if (next[name] !== this.props[name]) return true;
      return false;
    }
    render() {
      return /* @__PURE__ */ a3(Drawn, { ...this.props });
    }
  };
  function Drawn(props) {
    const { rows, row, isClosed } = props;
    if (row === ORPHANS) return /* @__PURE__ */ a3(Orphans, { ...props });
    const flags = rows.flags[row];
    const service = rows.serviceOf(row);
    const name = rows.nameOf(row);
    const depth = rows.depth[row] + (row >= rows.firstOrphan ? 1 : 0);
    const isParent = rows.hasChildren(row);
    const hasError = (flags & ERROR) !== 0;
    const isHidden2 = (flags & REDACTED) !== 0;
    const calls2 = rows.kind[row] === CLIENT || rows.kind[row] === PRODUCER;
    const parent = rows.parent[row];
    const isSame = parent >= 0 && rows.service[parent] === rows.service[row];
    const usual = props.usual?.of(rows, row) ?? null;
    const tone = `service-${isHidden2 ? 8 : serviceColor(service)}`;
    const classes = ["line", props.isSelected && "is-selected", props.isMatch === false && "is-dim", props.isMatch === true && "is-match", hasError && "is-error", isSame && "is-same"];
    return /* @__PURE__ */ a3(
      "div",
      {
        class: classes.filter(Boolean).join(" "),
        role: "row",
        "data-row": row,
        tabIndex: props.isTabStop ? 0 : -1,
        "aria-level": depth + 1,
        "aria-posinset": rows.position[row],
        "aria-setsize": rows.setSize(row),
        "aria-rowindex": props.line + 1,
        "aria-expanded": isParent ? !isClosed : void 0,
        "aria-selected": props.isSelected,
        "aria-label": nameOf(rows, row, usual),
        style: { top: `${props.top}px`, height: `${props.height}px` },
        children: [
          /* @__PURE__ */ a3("div", { class: "line-name", role: "gridcell", "aria-colindex": 1, children: [
            /* @__PURE__ */ a3("span", { class: "line-indent", style: { width: `${Math.min(depth, MAX_INDENTED) * INDENT_REM}rem` } }),
            /* @__PURE__ */ a3("span", { class: `line-toggle ${isParent ? "is-parent" : ""}`, "aria-hidden": "true", children: isParent ? isClosed ? "▸" : "▾" : "" }),
            /* @__PURE__ */ a3("span", { class: `dot ${tone}`, "aria-hidden": "true" }),
            depth > MAX_INDENTED && /* @__PURE__ */ a3("span", { class: "line-depth", children: depth }),
            hasError && /* @__PURE__ */ a3("span", { class: "line-error", children: "✕ error" }),
            /* @__PURE__ */ a3("span", { class: "line-words", title: isHidden2 ? void 0 : shortened(`${service}: ${name}`, 300), children: [
              isHidden2 ? /* @__PURE__ */ a3("span", { class: "soft", children: "hidden service" }) : /* @__PURE__ */ a3($, { children: [
                /* @__PURE__ */ a3("strong", { children: service }),
                calls2 && /* @__PURE__ */ a3("span", { class: "soft", "aria-hidden": "true", children: " →" }),
                " ",
                shortened(name)
              ] }),
              isClosed && isParent && /* @__PURE__ */ a3("span", { class: "soft", children: [
                " +",
                counted(rows.end[row] - row - 1, "span")
              ] })
            ] }),
            (flags & (REPEATED | CYCLE | MOVED)) !== 0 && /* @__PURE__ */ a3("span", { class: "line-remark", children: remark(flags) })
          ] }),
          /* @__PURE__ */ a3("div", { class: `line-took ${usual?.isSlower ? "is-slower" : ""}`, role: "gridcell", "aria-colindex": 2, children: duration(rows.duration[row]) }),
          /* @__PURE__ */ a3("div", { class: "line-usual", role: "gridcell", "aria-colindex": 3, children: usual && /* @__PURE__ */ a3($, { children: [
            usual.isSlower && /* @__PURE__ */ a3("span", { class: "line-factor", children: factor(usual.factor) }),
            " ",
            /* @__PURE__ */ a3("span", { class: "line-usual-time", children: duration(usual.p50) })
          ] }) }),
          /* @__PURE__ */ a3("div", { class: "line-time", role: "gridcell", "aria-colindex": 4, children: /* @__PURE__ */ a3(Bar, { rows, row, zoom: props.zoom, tone }) })
        ]
      }
    );
  }
  function Orphans(props) {
    const { rows } = props;
    const spans = rows.count - rows.firstOrphan;
    return /* @__PURE__ */ a3(
      "div",
      {
        class: `line line-orphans ${props.isSelected ? "is-selected" : ""}`,
        role: "row",
        "data-row": ORPHANS,
        tabIndex: props.isTabStop ? 0 : -1,
        "aria-level": 1,
        "aria-posinset": 1,
        "aria-setsize": 1,
        "aria-rowindex": props.line + 1,
        "aria-expanded": !props.isClosed,
        "aria-selected": props.isSelected,
        style: { top: `${props.top}px`, height: `${props.height}px` },
        children: /* @__PURE__ */ a3("div", { class: "line-name", role: "gridcell", "aria-colindex": 1, children: [
          /* @__PURE__ */ a3("span", { class: "line-toggle is-parent", "aria-hidden": "true", children: props.isClosed ? "▸" : "▾" }),
          /* @__PURE__ */ a3("span", { class: "line-words", children: [
            /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: "⚠ " }),
            counted(spans, "span"),
            " below parents that were not received"
          ] })
        ] })
      }
    );
  }
  function Bar(props) {
    const { rows, row, zoom, tone } = props;
    const start = part(rows.start[row], zoom);
    const end = part(rows.start[row] + rows.duration[row], zoom);
    if (end < 0) return /* @__PURE__ */ a3("span", { class: "bar-beyond", "aria-hidden": "true", children: "◂" });
    if (start > 1) return /* @__PURE__ */ a3("span", { class: "bar-beyond bar-after", "aria-hidden": "true", children: "▸" });
    const [left, right] = [Math.max(0, start), Math.min(1, end)];
    const flags = rows.flags[row];
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(
        "span",
        {
          class: `bar ${tone} ${(flags & REDACTED) !== 0 ? "bar-hidden" : ""} ${(flags & ERROR) !== 0 ? "bar-error" : ""}`,
          style: { left: `${left * 100}%`, width: `${(right - left) * 100}%` }
        }
      ),
      segments(rows, row, zoom).map(([from, to]) => /* @__PURE__ */ a3("span", { class: "bar-critical", style: { left: `${from * 100}%`, width: `${(to - from) * 100}%` } }, from))
    ] });
  }
  var CLOSE = 2e-3;
  function segments(rows, row, zoom) {
    const found = [];
    for (let at = rows.segmentsAt[row]; at < rows.segmentsAt[row + 1]; at += 1) {
      const from = Math.max(0, part(rows.segmentStart[at], zoom));
      const to = Math.min(1, part(rows.segmentEnd[at], zoom));
      if (to <= 0 || from >= 1) continue;
      const last = found.at(-1);
      if (last && from - last[1] < CLOSE) last[1] = to;
      else found.push([from, to]);
    }
    return found;
  }
  function factor(times2) {
    return times2 >= 10 ? `${Math.round(times2)}×` : `${times2.toFixed(1)}×`;
  }
  function remark(flags) {
    if ((flags & CYCLE) !== 0) return "its parents form a circle";
    if ((flags & REPEATED) !== 0) return "same id again";
    return "clock moved";
  }
  function nameOf(rows, row, usual) {
    const flags = rows.flags[row];
    const is = (flag) => (flags & flag) !== 0;
    const words3 = is(REDACTED) ? ["hidden service"] : [rows.serviceOf(row), shortened(rows.nameOf(row)) || "no name"];
    words3.push(duration(rows.duration[row]));
    if (usual) words3.push(`usual ${duration(usual.p50)}${usual.isSlower ? ", slower than usual" : ""}`);
    if (is(ERROR)) words3.push("error");
    if (is(CRITICAL)) words3.push("on the critical path");
    if (is(ORPHAN)) words3.push("parent not received");
    if (is(OUTLIVES)) words3.push("ends after its parent");
    if (is(MOVED)) words3.push("clock moved");
    if (is(REPEATED)) words3.push("repeats the id of an earlier span");
    if (is(CYCLE)) words3.push("its parents form a circle");
    return words3.join(", ");
  }

  // src/screens/trace/usual.ts
  var MIN_US = 200;
  var MIN_FACTOR = 1.3;
  var Usual = class {
    /** How many healthy traces were compared. */
    traces;
    /** By service, name and kind of `rows`. */
    times = /* @__PURE__ */ new Map();
    constructor(of, rows) {
      this.traces = of.b.traces;
      const services = new Map(rows.services.map((service, at) => [service, at]));
      const names = new Map(rows.names.map((name, at) => [name, at]));
      for (const { service, name, kind, b: b2 } of of.rows) {
        const [serviceAt, nameAt, kindAt] = [services.get(service), names.get(name), KINDS2.indexOf(kind)];
        if (b2 === null || serviceAt === void 0 || nameAt === void 0) continue;
        const key = keyOf2(rows, serviceAt, nameAt, kindAt);
        const known = this.times.get(key);
        if (!known || known.calls < b2.calls) this.times.set(key, { p50: b2.p50_us, p95: b2.p95_us, calls: b2.calls });
      }
    }
    /** The usual times of a row. The two sides of a call are compared as one: with the caller's row. */
    of(rows, row) {
      if (rows.isAnswer(row)) return null;
      const named = rows.is(row, ANSWERED) ? row + 1 : row;
      const times2 = this.times.get(keyOf2(rows, rows.service[named], rows.name[named], rows.kind[named]));
      return times2 ? compared(rows.duration[row], times2.p50, times2.p95) : null;
    }
  };
  function keyOf2(rows, service, name, kind) {
    return (service * (rows.names.length + 1) + name) * KINDS2.length + kind;
  }
  function compared(us, p502, p952) {
    return { p50: p502, p95: p952, isSlower: us > p952 * MIN_FACTOR && us - p952 > MIN_US, factor: us / Math.max(1, p502) };
  }

  // src/screens/trace/details.tsx
  function Details(props) {
    const { rows, row, length } = props;
    const isHidden2 = rows.is(row, REDACTED);
    const other = props.asked.answer?.span?.span_id;
    const isOther = other !== void 0 && other !== rows.idOf(row);
    return /* @__PURE__ */ a3("aside", { class: "details", "aria-labelledby": "details-title", children: [
      /* @__PURE__ */ a3("div", { class: "details-head", children: [
        /* @__PURE__ */ a3("h2", { id: "details-title", children: isHidden2 ? "Hidden service" : shortened(rows.nameOf(row)) || "A span without a name" }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: props.close, title: "Close (Esc)", children: "Close" })
      ] }),
      !isHidden2 && /* @__PURE__ */ a3("p", { class: "details-service", children: [
        /* @__PURE__ */ a3(Service, { name: rows.serviceOf(row) }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          rows.kindOf(row),
          " span"
        ] })
      ] }),
      /* @__PURE__ */ a3("dl", { class: "details-numbers", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Took" }),
          /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3("strong", { children: duration(rows.duration[row]) }) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Itself" }),
          /* @__PURE__ */ a3("dd", { children: duration(rows.self[row]) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Starts at" }),
          /* @__PURE__ */ a3("dd", { children: [
            "+",
            duration(rows.start[row])
          ] })
        ] })
      ] }),
      rows.is(row, CRITICAL) && /* @__PURE__ */ a3("p", { class: "small", children: "On the critical path: the request waited for this span." }),
      rows.is(row, OUTLIVES) && /* @__PURE__ */ a3("p", { class: "small", children: "It ends after its parent ended: the parent did not wait for it, or clocks differ." }),
      /* @__PURE__ */ a3("div", { class: "actions", children: [
        /* @__PURE__ */ a3("button", { type: "button", onClick: () => props.zoom.set(around(rows.start[row], rows.duration[row], length)), children: "Zoom to it" }),
        rows.hasChildren(row) && /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": props.root === row, onClick: () => amend({ root: props.root === row ? null : rows.keyOf(row) }), children: "Only its subtree" })
      ] }),
      isHidden2 ? /* @__PURE__ */ a3("p", { children: "You may not see the spans of this service. Only when it ran is shown." }) : /* @__PURE__ */ a3(Answer, { of: isOther ? { ...props.asked, answer: null } : props.asked, what: "the span", children: (answer) => answer.span === null ? /* @__PURE__ */ a3("p", { class: "notice", children: "This span is not stored any more." }) : /* @__PURE__ */ a3(Stored, { of: answer, span: answer.span }) })
    ] });
  }
  function Stored(props) {
    const { of, span } = props;
    const times2 = useTimes();
    const usual = of.usual && compared(span.duration_us, of.usual.p50_us, of.usual.p95_us);
    const host = textOf(span.resource, "host.name") ?? textOf(span.resource, "k8s.pod.name");
    const version = textOf(span.resource, "service.version");
    return /* @__PURE__ */ a3($, { children: [
      of.usual && usual && /* @__PURE__ */ a3("p", { class: usual.isSlower ? "usual is-slower" : "usual", children: [
        usual.isSlower ? /* @__PURE__ */ a3("strong", { children: [
          factor(usual.factor),
          " as long as usual. "
        ] }) : "As long as others shortly before. ",
        "In the hour before: ",
        duration(of.usual.p50_us),
        " in the median of ",
        counted(of.usual.spans, "span"),
        ", at most ",
        duration(of.usual.p95_us),
        " in 95% of them."
      ] }),
      (of.cause || of.failure) && /* @__PURE__ */ a3("p", { class: "notice notice-bad", children: sentence(of.cause ?? failureOf(of.failure)) }),
      /* @__PURE__ */ a3("dl", { class: "attributes", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Status" }),
          /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Status2, { span }) })
        ] }),
        host && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Host" }),
          /* @__PURE__ */ a3("dd", { children: host })
        ] }),
        version && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Version" }),
          /* @__PURE__ */ a3("dd", { children: version })
        ] })
      ] }),
      /* @__PURE__ */ a3(Part2, { title: "Attributes", size: Object.keys(span.attributes).length, isOpen: true, children: /* @__PURE__ */ a3(Attributes2, { of: typed(span) }) }),
      span.events.length > 0 && /* @__PURE__ */ a3(Part2, { title: "Events", size: span.events.length, isOpen: true, children: [
        span.events.slice(0, 50).map((event, at) => /* @__PURE__ */ a3(Event2, { of: event, start: span.start_time_unix_us }, at)),
        span.events.length > 50 && /* @__PURE__ */ a3("p", { class: "soft", children: "The first 50 are shown. The view JSON has all." })
      ] }),
      span.links.length > 0 && /* @__PURE__ */ a3(Part2, { title: "Links", size: span.links.length, isOpen: true, children: span.links.slice(0, 50).map((link2, at) => /* @__PURE__ */ a3(Link, { of: link2 }, at)) }),
      /* @__PURE__ */ a3("dl", { class: "attributes details-origin", children: [
        shortened(span.span_name) !== span.span_name && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Operation" }),
          /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Value2, { of: span.span_name }) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Started" }),
          /* @__PURE__ */ a3("dd", { children: times2.full(span.start_time_unix_us) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Seen by" }),
          /* @__PURE__ */ a3("dd", { children: [
            span.source === "ebpf" ? "Beyla (eBPF)" : "an SDK",
            ", sent through agent ",
            span.agent_id
          ] })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Span id" }),
          /* @__PURE__ */ a3("dd", { class: "mono", children: span.span_id })
        ] }),
        span.parent_span_id !== null && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Parent" }),
          /* @__PURE__ */ a3("dd", { class: "mono", children: span.parent_span_id })
        ] })
      ] }),
      /* @__PURE__ */ a3(Part2, { title: "Resource", size: Object.keys(span.resource).length, children: /* @__PURE__ */ a3(Attributes2, { of: span.resource }) }),
      (span.scope.name !== "" || Object.keys(span.scope.attributes).length > 0) && /* @__PURE__ */ a3(Part2, { title: "Library", size: 1, children: [
        /* @__PURE__ */ a3("p", { children: [
          span.scope.name,
          " ",
          span.scope.version
        ] }),
        /* @__PURE__ */ a3(Attributes2, { of: span.scope.attributes })
      ] }),
      span.trace_state !== "" && /* @__PURE__ */ a3(Part2, { title: "Trace state", size: 1, children: /* @__PURE__ */ a3("p", { class: "mono", children: span.trace_state }) })
    ] });
  }
  function Status2(props) {
    const { span_status: status, status_message: message, status_code: code } = props.span;
    return /* @__PURE__ */ a3($, { children: [
      status === "error" ? /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "error" }) : status === "ok" ? /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: "ok" }) : "no error",
      code !== null && /* @__PURE__ */ a3($, { children: [
        ", code ",
        code
      ] }),
      message !== "" && /* @__PURE__ */ a3($, { children: [
        ": ",
        /* @__PURE__ */ a3(Value2, { of: message })
      ] })
    ] });
  }
  function Part2(props) {
    return /* @__PURE__ */ a3("details", { class: "details-part", open: props.isOpen, children: [
      /* @__PURE__ */ a3("summary", { children: [
        /* @__PURE__ */ a3("h3", { children: props.title }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: props.size })
      ] }),
      props.children
    ] });
  }
  function Event2(props) {
    return /* @__PURE__ */ a3("div", { class: "event", children: [
      /* @__PURE__ */ a3("p", { children: [
        /* @__PURE__ */ a3("strong", { children: props.of.name || "event" }),
        " ",
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          "+",
          duration(props.of.time_unix_us - props.start)
        ] })
      ] }),
      Object.keys(props.of.attributes).length > 0 && /* @__PURE__ */ a3(Attributes2, { of: props.of.attributes })
    ] });
  }
  function Link(props) {
    return /* @__PURE__ */ a3("div", { class: "event", children: [
      /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("a", { href: href("trace", { id: props.of.trace_id, span: props.of.span_id }), children: [
        "Trace ",
        /* @__PURE__ */ a3("code", { children: props.of.trace_id })
      ] }) }),
      Object.keys(props.of.attributes).length > 0 && /* @__PURE__ */ a3(Attributes2, { of: props.of.attributes })
    ] });
  }
  function typed(span) {
    const { typed_attributes: typed2 } = span;
    return typed2 ?? span.attributes;
  }
  function textOf(attributes, key) {
    const value = attributes[key];
    return typeof value === "string" && value !== "" ? value : null;
  }

  // src/screens/trace/canvas.ts
  function useSize() {
    const ref = T2(null);
    const [size, set] = d2({ width: 0, height: 0 });
    A2(() => {
      const element = ref.current;
      if (!element) return;
      const observer = new ResizeObserver(() => {
        const next = { width: element.clientWidth, height: element.clientHeight };
        set((last) => last.width === next.width && last.height === next.height ? last : next);
      });
      observer.observe(element);
      return () => observer.disconnect();
    }, []);
    return { ref, size };
  }
  function brush(canvas, { width, height }) {
    const context = canvas?.getContext("2d") ?? null;
    if (canvas === null || context === null || width === 0 || height === 0) return null;
    const scale2 = Math.min(3, devicePixelRatio || 1);
    canvas.width = Math.round(width * scale2);
    canvas.height = Math.round(height * scale2);
    context.setTransform(scale2, 0, 0, scale2, 0, 0);
    return context;
  }

  // src/screens/trace/frame-tree.ts
  function framesOf(rows) {
    const known = /* @__PURE__ */ new Map();
    const all = [];
    const place = /* @__PURE__ */ new Map([[null, 0]]);
    const of = [];
    const roots = [];
    const operations = rows.services.length * (rows.names.length + 1) * 8;
    for (let row = 0; row < rows.count; row += 1) {
      const above = rows.parent[row];
      const parent = above < 0 ? null : of[above];
      const operation2 = (rows.service[row] * (rows.names.length + 1) + rows.name[row]) * 8 + rows.kind[row];
      const key = place.get(parent) * operations + operation2;
      let frame = known.get(key);
      if (!frame) {
        frame = {
          service: rows.service[row],
          name: rows.name[row],
          kind: rows.kind[row],
          depth: parent ? parent.depth + 1 : 0,
          spans: 0,
          errors: 0,
          self: 0,
          total: 0,
          start: 0,
          parent,
          children: [],
          row
        };
        known.set(key, frame);
        all.push(frame);
        place.set(frame, all.length);
        (parent ? parent.children : roots).push(frame);
      }
      frame.spans += 1;
      frame.errors += rows.flags[row] & ERROR;
      frame.self += rows.self[row];
      of[row] = frame;
    }
    let depth = 0;
    for (const frame of all.toReversed()) {
      frame.total += frame.self;
      if (frame.parent) frame.parent.total += frame.total;
      if (frame.total > 0) depth = Math.max(depth, frame.depth + 1);
    }
    const layOut = (frames, from) => {
      let start = from;
      for (const frame of frames.sort((one, other) => other.total - one.total)) {
        frame.start = start;
        start += frame.total;
      }
      return start;
    };
    const total = layOut(roots, 0);
    for (const frame of all) layOut(frame.children, frame.start);
    return { roots, all, total, depth };
  }

  // src/screens/trace/palette.ts
  function usePalette() {
    const [palette, set] = d2(null);
    A2(() => {
      const read2 = () => set(paletteNow());
      read2();
      const observer = new MutationObserver(read2);
      observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
      const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) => matchMedia(query));
      for (const query of queries) query.addEventListener("change", read2);
      return () => {
        observer.disconnect();
        for (const query of queries) query.removeEventListener("change", read2);
      };
    }, []);
    return palette;
  }
  function paletteNow() {
    const known = /* @__PURE__ */ new Map();
    const probe = document.createElement("span");
    probe.className = "unseen";
    const token = (name) => {
      let color = known.get(name);
      if (color === void 0) {
        document.body.append(probe);
        probe.style.color = `var(--${name})`;
        color = getComputedStyle(probe).color;
        probe.remove();
        known.set(name, color);
      }
      return color;
    };
    return { token, service: (name) => token(`service-${serviceColor(name)}`) };
  }

  // src/screens/trace/flame.tsx
  var LINE_PX = 22;
  var MAX_LINES = 60;
  var MIN_PX = 0.5;
  var WORDS_PX = 28;
  var IN_TABLE2 = 40;
  function Flame(props) {
    const { rows } = props;
    const tree = w2(() => framesOf(rows), [rows]);
    const { ref, size } = useSize();
    const canvas = T2(null);
    const palette = usePalette();
    const [under, setUnder] = d2(null);
    const chosen = props.params.get("frame");
    const row = chosen === null ? -1 : rows.find(chosen);
    const zoomed = w2(() => tree.all.find((frame) => frame.row === row) ?? null, [tree, row]);
    const [start, total] = zoomed ? [zoomed.start, zoomed.total] : [0, tree.total];
    const height = Math.min(tree.depth, MAX_LINES) * LINE_PX;
    A2(() => {
      const context = brush(canvas.current, { width: size.width, height });
      if (context && palette) draw(context, size.width, height, tree.roots, { start, total }, rows, palette);
    }, [size, height, tree, start, total, palette]);
    const find2 = (event) => {
      const box2 = canvas.current.getBoundingClientRect();
      const depth = Math.floor((event.clientY - box2.top) / LINE_PX);
      const at = start + (event.clientX - box2.left) / box2.width * total;
      let frames = tree.roots;
      for (let level = 0; ; level += 1) {
        const frame = frames.find((frame2) => at >= frame2.start && at < frame2.start + frame2.total);
        if (!frame || level === depth) return frame ?? null;
        frames = frame.children;
      }
    };
    const zoom = (frame) => amend({ frame: frame && frame.parent !== null ? rows.keyOf(frame.row) : null });
    const shown2 = under ?? zoomed;
    if (tree.total <= 0) return /* @__PURE__ */ a3("p", { class: "notice", children: "No span of this trace took any time itself." });
    const largest = tree.all.toSorted((one, other) => other.self - one.self).slice(0, IN_TABLE2);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("p", { class: "flame-words", children: [
        shown2 ? /* @__PURE__ */ a3($, { children: [
          /* @__PURE__ */ a3("strong", { children: serviceOf(rows, shown2) }),
          " ",
          nameOf2(rows, shown2),
          ": ",
          duration(shown2.total),
          " with all below it (",
          percent(shown2.total / tree.total),
          "), ",
          duration(shown2.self),
          " itself, ",
          counted(shown2.spans, "span")
        ] }) : /* @__PURE__ */ a3($, { children: "Width is the time that spans took themselves, summed over spans of the same path. Work that went on after its caller had ended is not counted." }),
        zoomed && /* @__PURE__ */ a3("button", { type: "button", onClick: () => zoom(null), children: "Whole trace" })
      ] }),
      /* @__PURE__ */ a3("div", { ref, class: "flame", style: { height: `${height}px` }, children: /* @__PURE__ */ a3("canvas", { ref: canvas, "aria-hidden": "true", onMouseMove: (event) => setUnder(find2(event)), onMouseLeave: () => setUnder(null), onClick: (event) => zoom(find2(event)) }) }),
      tree.depth > MAX_LINES && /* @__PURE__ */ a3("p", { class: "soft", children: [
        count(tree.depth - MAX_LINES),
        " deeper levels are in the waterfall only."
      ] }),
      /* @__PURE__ */ a3("div", { class: "table-scroll section", tabIndex: 0, role: "region", "aria-label": "The same as a table", children: /* @__PURE__ */ a3("table", { class: "cards", children: [
        /* @__PURE__ */ a3("caption", { children: [
          "The same as a table: ",
          tree.all.length > IN_TABLE2 ? `the ${IN_TABLE2} of ${count(tree.all.length)} paths that took longest themselves` : "all paths"
        ] }),
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "Operation" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Itself" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "With all below" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Spans" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: largest.map((frame) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("td", { class: "wide", children: [
            /* @__PURE__ */ a3(Service, { name: serviceOf(rows, frame), isLink: false }),
            " ",
            /* @__PURE__ */ a3("button", { type: "button", class: "quiet as-link", title: "Zoom the graph to it", "aria-pressed": zoomed === frame, onClick: () => zoom(frame), children: nameOf2(rows, frame) }),
            " ",
            /* @__PURE__ */ a3("span", { class: "soft", children: [
              "level ",
              frame.depth + 1
            ] })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Itself", children: [
            duration(frame.self),
            " ",
            /* @__PURE__ */ a3("span", { class: "soft", children: percent(frame.self / tree.total) })
          ] }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "With all below", children: duration(frame.total) }),
          /* @__PURE__ */ a3("td", { class: "number", "data-label": "Spans", children: [
            count(frame.spans),
            frame.errors > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
              " ✕ ",
              count(frame.errors)
            ] })
          ] })
        ] }, frame.row)) })
      ] }) })
    ] });
  }
  function serviceOf(rows, frame) {
    return rows.services[frame.service] ?? "";
  }
  function nameOf2(rows, frame) {
    return shortened(rows.names[frame.name] ?? "") || "no name";
  }
  function draw(context, width, height, roots, of, rows, palette) {
    context.clearRect(0, 0, width, height);
    context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
    context.textBaseline = "middle";
    const scale2 = width / Math.max(1, of.total);
    const onFill = palette.token("surface");
    const waiting3 = [...roots];
    for (let frame = waiting3.pop(); frame; frame = waiting3.pop()) {
      const top = frame.depth * LINE_PX;
      const left = Math.max(0, (frame.start - of.start) * scale2);
      const right = Math.min(width, (frame.start + frame.total - of.start) * scale2);
      if (right - left < MIN_PX || top >= height) continue;
      context.fillStyle = palette.service(serviceOf(rows, frame));
      context.fillRect(left, top, Math.max(MIN_PX, right - left - 1), LINE_PX - 1);
      if (right - left > WORDS_PX) {
        context.save();
        context.beginPath();
        context.rect(left, top, right - left - 5, LINE_PX);
        context.clip();
        context.fillStyle = onFill;
        const words3 = `${frame.errors > 0 ? "✕ " : ""}${serviceOf(rows, frame)} ${nameOf2(rows, frame)} ${duration(frame.total)}`;
        context.fillText(visible(words3.slice(0, 200)), left + 5, top + LINE_PX / 2);
        context.restore();
      }
      waiting3.push(...frame.children);
    }
  }

  // src/screens/trace/cause.tsx
  function Cause2(props) {
    const { traceId: traceId2, rows, selection } = props;
    const asked2 = useAnswer("why", props.isAsked ? { trace_id: traceId2, since: "15m", until: "now", baseline: "1h" } : null);
    const why = asked2.answer;
    const suspect = why?.ranking[0];
    const isFound = why !== null && asked2.isCurrent && why.verdict === "cause" && suspect !== void 0;
    A2(() => {
      if (isFound) announce(`Cause: ${suspect.service} ${does(suspect)}`);
    }, [isFound]);
    const more = /* @__PURE__ */ a3("a", { href: href("why", { trace: traceId2 }), title: "The ranking and the evidence", children: "Why" });
    const { row: failing2, places } = w2(() => deepestFailure(rows), [rows]);
    const failure = failing2 >= 0 && /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "Fails" }),
      " ",
      /* @__PURE__ */ a3("span", { class: "cause-words", children: [
        places > 1 ? `in ${count(places)} places, the deepest: ` : "in ",
        /* @__PURE__ */ a3("strong", { children: shortened(rows.serviceOf(failing2)) }),
        " ",
        shortened(rows.nameOf(failing2)),
        ": nothing below it fails."
      ] }),
      /* @__PURE__ */ a3("button", { type: "button", onClick: () => selection.select(failing2, { details: true }), children: "Show the span" })
    ] });
    const tone = failing2 >= 0 ? "cause is-found" : "cause";
    if (asked2.error !== null && (why === null || !asked2.isCurrent)) return /* @__PURE__ */ a3("p", { class: tone, children: [
      failure,
      " ",
      /* @__PURE__ */ a3("span", { class: "soft", children: [
        "The cause is not known: ",
        sentence(asked2.error.message)
      ] }),
      " ",
      more
    ] });
    if (why === null || !asked2.isCurrent) return /* @__PURE__ */ a3("p", { class: tone, "aria-busy": "true", children: [
      failure,
      " ",
      /* @__PURE__ */ a3("span", { class: "soft", children: "Looking for the cause …" })
    ] });
    if (isFound) {
      const evidence = suspect.evidence.find((evidence2) => evidence2.trace_id === traceId2);
      const row = evidence ? rows.find(evidence.span_id) : -1;
      return /* @__PURE__ */ a3("p", { class: "cause is-found", children: [
        /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "Cause" }),
        " ",
        /* @__PURE__ */ a3("span", { class: "cause-words", children: [
          /* @__PURE__ */ a3("strong", { children: suspect.service }),
          " ",
          does(suspect),
          ": ",
          operation(suspect),
          numbers(suspect),
          share(suspect),
          "."
        ] }),
        row >= 0 && /* @__PURE__ */ a3("button", { type: "button", onClick: () => selection.select(row, { details: true }), children: "Show the span" }),
        more
      ] });
    }
    const verdict = why.verdict === "no_cause" ? "No cause" : "Not enough to tell a cause";
    return /* @__PURE__ */ a3("p", { class: tone, children: [
      failure,
      " ",
      /* @__PURE__ */ a3(Mark, { mark: why.verdict === "no_cause" ? "✓" : "?", tone: "soft", word: verdict }),
      " ",
      /* @__PURE__ */ a3("span", { class: "cause-words", children: sentence(why.reason) }),
      " ",
      more
    ] });
  }
  function deepestFailure(rows) {
    const failsBelow = new Uint8Array(rows.count);
    let deepest = -1;
    let places = 0;
    for (let row = rows.count - 1; row >= 0; row -= 1) {
      const fails = rows.is(row, ERROR);
      if (fails && failsBelow[row] === 0) places += 1;
      if (fails && failsBelow[row] === 0 && (deepest < 0 || rows.depth[row] >= rows.depth[deepest])) deepest = row;
      const parent = rows.parent[row];
      if (parent >= 0 && (fails || failsBelow[row] === 1)) failsBelow[parent] = 1;
    }
    return { row: deepest, places };
  }
  function operation(suspect) {
    const caller = callerOf(suspect);
    return `${operationOf(suspect)}${caller === null ? "" : ` from ${caller}`}`;
  }
  function numbers(suspect) {
    const difference3 = differenceOf(suspect);
    return difference3 === null ? "" : `, ${difference3.before} → ${difference3.now} ${difference3.of}`;
  }
  function share({ share: share3 }) {
    return share3 > 0 ? `, ${percent(share3)} of the added time` : "";
  }

  // src/screens/trace/wholeness.tsx
  var SMALL = 500;
  function Wholeness(props) {
    const { traceId: traceId2, spans, isAsked, isComplete: isComplete2 } = props;
    const [wanted, setWanted] = d2(false);
    const asked2 = useAnswer("traces/{id}", isAsked && (spans <= SMALL || wanted) ? { id: traceId2, examine: true } : null);
    const answer = asked2.isCurrent ? asked2.answer : null;
    if (answer === null) {
      if (spans <= SMALL || isComplete2) return null;
      return /* @__PURE__ */ a3("button", { type: "button", class: "quiet as-link", disabled: asked2.isLoading, onClick: () => setWanted(true), children: asked2.isLoading ? "Looking for the reason …" : "Look for the reason" });
    }
    if (answer.advice.length === 0) return wanted ? /* @__PURE__ */ a3("span", { children: "No reason was found." }) : null;
    return /* @__PURE__ */ a3("details", { class: "notice notice-warn wholeness", children: [
      /* @__PURE__ */ a3("summary", { children: [
        "Not whole: ",
        sentence(answer.advice[0].what),
        answer.advice.length > 1 && ` And ${counted(answer.advice.length - 1, "further problem")}.`
      ] }),
      /* @__PURE__ */ a3("ul", { children: answer.advice.map((advice, at) => /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("p", { children: [
          sentence(advice.what),
          " ",
          /* @__PURE__ */ a3(Peers, { problem: answer.problems[at], traceId: traceId2 })
        ] }),
        /* @__PURE__ */ a3("p", { children: [
          "Probable cause: ",
          sentence(advice.cause)
        ] }),
        /* @__PURE__ */ a3("p", { children: [
          "What to do: ",
          sentence(advice.remedy)
        ] })
      ] }, at)) })
    ] });
  }
  function Peers(props) {
    const peers = (props.problem?.examples ?? []).filter((example) => example.peer_trace_id !== null && example.peer_trace_id !== props.traceId);
    return /* @__PURE__ */ a3($, { children: peers.map((peer) => /* @__PURE__ */ a3("a", { href: href("trace", { id: peer.peer_trace_id, span: peer.peer_span_id }), children: peer.peer_is_certain ? "The other side" : "Probably the other side" }, peer.span_id)) });
  }

  // src/screens/trace/header.tsx
  function Header(props) {
    const { trace, rows, root } = props;
    const times2 = useTimes();
    const isHidden2 = rows.is(root, REDACTED);
    const took = rows.duration[root];
    const hasMore = trace.trace_duration_us > took * 1.01;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "head trace-head", children: [
        /* @__PURE__ */ a3("h1", { children: isHidden2 ? "A request of a hidden service" : shortened(rows.nameOf(root)) || "A span without a name" }),
        !isHidden2 && /* @__PURE__ */ a3(Service, { name: rows.serviceOf(root) }),
        /* @__PURE__ */ a3("span", { class: "trace-took", children: [
          /* @__PURE__ */ a3("strong", { children: duration(took) }),
          hasMore && /* @__PURE__ */ a3("span", { class: "trace-more", children: [
            ", the whole trace ",
            duration(trace.trace_duration_us)
          ] })
        ] }),
        /* @__PURE__ */ a3("div", { class: "actions trace-actions", children: /* @__PURE__ */ a3("a", { class: "button", href: href("compare", { a: trace.trace_id }), title: "Compare with healthy traces (b)", children: "Compare with healthy" }) })
      ] }),
      /* @__PURE__ */ a3("p", { class: "trace-facts", children: [
        trace.error_count > 0 ? /* @__PURE__ */ a3("button", { type: "button", class: "quiet as-link", title: "Go to the next error (e)", onClick: () => props.nextError(), children: /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: counted(trace.error_count, "error") }) }) : /* @__PURE__ */ a3("span", { children: "no errors" }),
        /* @__PURE__ */ a3("span", { children: counted(trace.span_count, "span") }),
        /* @__PURE__ */ a3("span", { children: counted(rows.services.length, "service") }),
        /* @__PURE__ */ a3("span", { class: "number", children: times2.full(trace.start_time_unix_us) }),
        /* @__PURE__ */ a3("code", { class: "trace-id", children: trace.trace_id })
      ] }),
      /* @__PURE__ */ a3(Cause2, { traceId: trace.trace_id, rows, isAsked: props.isAsked, selection: props.selection }),
      /* @__PURE__ */ a3(Remarks, { ...props }),
      /* @__PURE__ */ a3(Wholeness, { traceId: trace.trace_id, spans: trace.span_count, isAsked: props.isAsked, isComplete: trace.complete }),
      /* @__PURE__ */ a3(ServiceTimes, { times: trace.service_times })
    ] });
  }
  function Remarks(props) {
    const { trace, rows, adjustsClocks } = props;
    const orphans = rows.count - rows.firstOrphan;
    const moved = trace.clock_moves;
    return /* @__PURE__ */ a3("ul", { class: "remarks", children: [
      trace.complete ? /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "good", word: "complete" }),
        " every parent span is stored"
      ] }) : /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "!", tone: "warn", word: "incomplete" }),
        " ",
        orphans > 0 ? `${counted(orphans, "span")} ${orphans === 1 ? "stands" : "stand"} below a parent that was not received: it was not sent yet, not sampled, or lost` : "spans are missing",
        ". ",
        /* @__PURE__ */ a3("a", { href: href("status"), children: "Which agents are behind" })
      ] }),
      trace.spans_left_out > 0 && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "!", tone: "warn", word: "cut" }),
        " the ",
        counted(trace.spans_left_out, "latest span"),
        " of ",
        counted(trace.span_count, "span"),
        " are not shown: the answer would be too large"
      ] }),
      trace.redacted > 0 && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "!", tone: "soft", word: "hidden" }),
        " ",
        counted(trace.redacted, "span"),
        " of services that you may not see, with times only"
      ] }),
      rows.flags.some((flag) => (flag & CYCLE) !== 0) && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3(Mark, { mark: "!", tone: "warn", word: "circle" }),
        " some spans name each other as their parents"
      ] }),
      /* @__PURE__ */ a3("li", { children: [
        adjustsClocks ? moved.length === 0 ? "no clock had to be moved" : `clocks moved: ${moved.slice(0, 3).map((move) => `${move.service}${move.host ? ` on ${move.host}` : ""} by ${move.moved_us < 0 ? "−" : "+"}${duration(Math.abs(move.moved_us))}`).join(", ")}${moved.length > 3 ? ` and ${moved.length - 3} more` : ""}` : "times as the hosts' clocks had them",
        " ",
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet as-link", "aria-pressed": adjustsClocks, onClick: () => amend({ adjust_clocks: adjustsClocks ? null : true }), children: adjustsClocks ? "Show the clocks as they were" : "Adjust clocks" })
      ] })
    ] });
  }
  var MAX_SERVICES = 6;
  var HIDDEN2 = "hidden service";
  function ServiceTimes(props) {
    const total = props.times.reduce((sum, time2) => sum + time2.critical_us, 0);
    if (total <= 0) return null;
    const shares = props.times.filter((time2) => time2.critical_us > 0);
    const first2 = shares.slice(0, MAX_SERVICES);
    const rest = shares.slice(MAX_SERVICES).reduce((sum, time2) => sum + time2.critical_us, 0);
    return /* @__PURE__ */ a3("div", { class: "shares", children: [
      /* @__PURE__ */ a3("div", { class: "shares-bar", "aria-hidden": "true", children: first2.map((time2) => /* @__PURE__ */ a3("span", { class: `share service-${serviceColor(time2.service)}`, style: { width: `${time2.critical_us / total * 100}%` } }, time2.service)) }),
      /* @__PURE__ */ a3("ul", { class: "shares-list", "aria-label": "Time that the request waited for each service", children: [
        /* @__PURE__ */ a3("li", { class: "soft", children: "Waited for" }),
        first2.map((time2) => /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3(Service, { name: time2.service, isLink: time2.service !== HIDDEN2 }),
          " ",
          percent(time2.critical_us / total)
        ] }, time2.service)),
        rest > 0 && /* @__PURE__ */ a3("li", { class: "soft", children: [
          shares.length - MAX_SERVICES,
          " others ",
          percent(rest / total)
        ] })
      ] })
    ] });
  }

  // src/screens/trace/json.tsx
  function Json(props) {
    const source = props.source === null ? "" : `?source=${encodeURIComponent(props.source)}`;
    const download2 = /* @__PURE__ */ a3("a", { class: "button", href: `../api/v1/traces/${props.traceId}${source}`, download: `trace-${props.traceId}.json`, children: "Download the whole trace" });
    if (!props.isSelected) return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("p", { class: "notice", children: "You may not see the JSON of this span." }),
      /* @__PURE__ */ a3("p", { class: "actions", children: download2 })
    ] });
    return /* @__PURE__ */ a3(Answer, { of: props.asked, what: "the span", children: (answer) => /* @__PURE__ */ a3(Text2, { of: JSON.stringify(answer, null, 2), download: download2 }) });
  }
  var LONGEST3 = 65536;
  function Text2(props) {
    const [isAll, setAll] = d2(false);
    const isCut = props.of.length > LONGEST3 && !isAll;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("p", { class: "actions", children: [
        /* @__PURE__ */ a3("button", { type: "button", onClick: () => void copy(props.of, "JSON"), children: "Copy the span" }),
        props.download,
        isCut && /* @__PURE__ */ a3("button", { type: "button", onClick: () => setAll(true), children: [
          "Show all ",
          bytes(props.of.length)
        ] })
      ] }),
      /* @__PURE__ */ a3("pre", { class: "json-text", tabIndex: 0, role: "region", "aria-label": "JSON of the span", children: isCut ? `${cut3(props.of, LONGEST3)}…` : props.of })
    ] });
  }

  // src/screens/trace/matches.ts
  var PILLS = ["critical", "errors", "slow"];
  var SLOW_PART = 0.1;
  function matchesOf(rows, filter, length, usual) {
    const { found, pills, services } = filter;
    if (found === null && pills.length === 0 && services.length === 0) return null;
    const matches = new Uint8Array(rows.count);
    if (found === null) matches.fill(1);
    else for (const row of found) if (row < rows.count) matches[row] = 1;
    const chosen = rows.services.map((service) => services.length === 0 || services.includes(service));
    const flags = (pills.includes("critical") ? CRITICAL : 0) | (pills.includes("errors") ? ERROR : 0);
    const slow = pills.includes("slow");
    for (let row = 0; row < rows.count; row += 1) {
      if (matches[row] === 0) continue;
      const fits = chosen[rows.service[row]] === true && (rows.flags[row] & flags) === flags && (!slow || isSlow(rows, row, length, usual));
      if (!fits) matches[row] = 0;
    }
    return matches;
  }
  function isSlow(rows, row, length, usual) {
    const times2 = usual?.of(rows, rows.isAnswer(row) ? row - 1 : row) ?? null;
    return times2 === null ? rows.self[row] >= length * SLOW_PART : times2.isSlower;
  }
  function countOf(matches) {
    let count2 = 0;
    for (const match of matches) count2 += match;
    return count2;
  }
  function nextRow(count2, row, by, is) {
    for (let step = 1; step <= count2; step += 1) {
      const at = ((row + by * step) % count2 + count2) % count2;
      if (is(at)) return at;
    }
    return -1;
  }

  // src/screens/trace/view.ts
  var VIEWS2 = ["waterfall", "flame", "map", "table", "json"];
  function useView(params, rows) {
    const text = params.toString();
    return w2(() => {
      const level = params.get("level");
      const root = params.get("root");
      const at = root === null ? -1 : rows.find(root);
      return {
        view: VIEWS2.find((view) => view === params.get("view")) ?? "waterfall",
        q: params.get("q") ?? "",
        pills: PILLS.filter((pill) => words2(params.get("pills")).includes(pill)),
        services: words2(params.get("services")).map(decode),
        only: params.get("only") === "true",
        closed: { level: level !== null && /^\d{1,6}$/.test(level) ? Number(level) : null, toggled: words2(params.get("toggled")) },
        root: at < 0 ? null : at,
        details: params.has("span") && params.get("details") !== "no"
      };
    }, [text, rows]);
  }
  function setClosed(closed) {
    amend({ level: closed.level, toggled: closed.toggled.join(",") });
  }
  function setPills(pills) {
    amend({ pills: pills.join(",") });
  }
  function setServices(services) {
    amend({ services: services.map(encode).join(",") });
  }
  function words2(text) {
    return text === null || text === "" ? [] : text.split(",");
  }
  function encode(name) {
    return name.replace(/[%,]/g, encodeURIComponent);
  }
  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }
  function useZoom(params, length) {
    const text = params.get("zoom");
    const [range, setRange] = d2(() => readZoom(text, length));
    const later = useLater();
    const written3 = T2(text);
    A2(() => {
      if (text !== written3.current) setRange(readZoom(text, length));
      written3.current = text;
    }, [text, length]);
    const set = (range2, how = "push") => {
      setRange(range2);
      later.drop();
      const write = () => {
        written3.current = writeZoom(range2, length);
        amend({ zoom: written3.current }, how);
      };
      if (how === "push") write();
      else later.set(write, QUIET_MS);
    };
    return { ...range, set };
  }
  var NOTHING2 = -2;
  var QUIET_MS = 150;
  function useSelection(params, rows) {
    const span = params.get("span");
    const inUrl = w2(() => {
      if (span === ORPHANS_KEY) return ORPHANS;
      const row2 = span === null ? -1 : rows.find(span);
      return row2 < 0 ? NOTHING2 : row2;
    }, [span, rows]);
    const [row, set] = d2(inUrl);
    const later = useLater();
    const written3 = T2(span);
    A2(() => {
      if (span === written3.current) return;
      written3.current = span;
      set(inUrl);
    }, [span, inUrl]);
    A2(() => set(inUrl), [rows]);
    const select = (next, options = {}) => {
      set(next);
      later.drop();
      const id = next === ORPHANS ? ORPHANS_KEY : next >= 0 ? rows.keyOf(next) : null;
      const write = (how) => {
        const isOpen = options.details ?? new URLSearchParams(location.search).get("details") !== "no";
        const opens = options.details ?? (isOpen && written3.current !== null);
        written3.current = id;
        amend({ span: id, details: id === null || opens ? null : "no" }, how);
      };
      if (options.details === void 0) later.set(() => write("replace"), QUIET_MS);
      else write("push");
    };
    return { row, select };
  }

  // src/screens/trace/keys.ts
  function useTraceKeys(keys) {
    const { rows, view, zoom, length, row, matches } = keys;
    const step = (by, is, none) => () => {
      const next = nextRow(rows.count, row < 0 ? by > 0 ? -1 : 0 : row, by, is);
      if (next < 0) announce(none);
      else keys.reach(next);
    };
    const isError = (row2) => rows.is(row2, ERROR);
    const isCritical = (row2) => rows.is(row2, CRITICAL);
    const isMatch = (row2) => matches !== null && matches[row2] === 1;
    const zoomBy2 = (factor2) => () => zoom.set(scale(zoom, factor2, length), "replace");
    const id = row >= 0 ? rows.keyOf(row) : null;
    useKeys("Trace", [
      { keys: "j", does: "next row, also ↓ in the tree", run: () => keys.move(1) },
      { keys: "k", does: "previous row, also ↑", run: () => keys.move(-1) },
      { keys: "Enter", does: "details of the row", run: keys.open },
      { keys: "Escape", does: "close the details", run: keys.close },
      { keys: "e", does: "next error", run: step(1, isError, "No span failed") },
      { keys: "E", does: "previous error", run: step(-1, isError, "No span failed") },
      { keys: "p", does: "next on the critical path", run: step(1, isCritical, "No critical path") },
      { keys: "P", does: "previous on the critical path", run: step(-1, isCritical, "No critical path") },
      { keys: "n", does: "next match", run: step(1, isMatch, "No span matches") },
      { keys: "N", does: "previous match", run: step(-1, isMatch, "No span matches") },
      { keys: "f", does: "only this subtree", run: () => {
        if (id !== null) amend({ root: id });
      } },
      { keys: "F", does: "the whole tree again", run: () => amend({ root: null }) },
      { keys: "z", does: "zoom to the span", run: () => {
        if (row >= 0) zoom.set(around(rows.start[row], rows.duration[row], length));
      } },
      { keys: "0", does: "the whole time again", run: () => zoom.set({ start: 0, end: length }) },
      { keys: "+", does: "zoom in", run: zoomBy2(0.5) },
      { keys: "-", does: "zoom out", run: zoomBy2(2) },
      { keys: "x", does: "close one level more", run: () => setClosed(changeLevel(rows, view.closed, -1)) },
      { keys: "X", does: "open one level more", run: () => setClosed(changeLevel(rows, view.closed, 1)) },
      { keys: "b", does: "compare with healthy traces", run: () => go(href("compare", { a: keys.traceId })) },
      ...VIEWS2.map((name, at) => ({ keys: String(at + 1), does: `view: ${name}`, run: () => amend({ view: name === "waterfall" ? null : name }) }))
    ]);
  }

  // src/screens/trace/minimap.tsx
  var MIN_DRAG_PX = 4;
  var MIN_ERROR_PX = 4;
  var STEP = 0.02;
  function MiniMap(props) {
    const { rows, length, zoom } = props;
    const { ref, size } = useSize();
    const canvas = T2(null);
    const palette = usePalette();
    const [drag, setDrag] = d2(null);
    A2(() => {
      const context = brush(canvas.current, size);
      if (context && palette) draw2(context, size.width, size.height, rows, length, palette);
    }, [size, rows, length, palette]);
    const at = (event) => {
      const box2 = ref.current.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box2.left) / box2.width));
    };
    const down = (event) => {
      if (event.button !== 0 || event.target.closest("[role=slider]")) return;
      ref.current?.setPointerCapture(event.pointerId);
      setDrag({ from: at(event), to: at(event) });
    };
    const move = (event) => {
      if (drag) setDrag({ ...drag, to: at(event) });
    };
    const up = () => {
      if (!drag) return;
      const [from, to] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
      if ((to - from) * size.width >= MIN_DRAG_PX) zoom.set(clamp({ start: from * length, end: to * length }, length));
      setDrag(null);
    };
    const whole = () => {
      zoom.set({ start: 0, end: length });
      ref.current?.querySelector("[role=slider]")?.focus();
    };
    const isWhole = zoom.start <= 0 && zoom.end >= length;
    const chosen = drag ? { left: Math.min(drag.from, drag.to), right: Math.max(drag.from, drag.to) } : { left: part(zoom.start, { start: 0, end: length }), right: part(zoom.end, { start: 0, end: length }) };
    return /* @__PURE__ */ a3("div", { class: "minimap", children: [
      /* @__PURE__ */ a3("div", { ref, class: "minimap-area", onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: () => setDrag(null), children: [
        /* @__PURE__ */ a3("canvas", { ref: canvas, "aria-hidden": "true" }),
        /* @__PURE__ */ a3("div", { class: "minimap-shade", style: { left: 0, width: `${chosen.left * 100}%` } }),
        /* @__PURE__ */ a3("div", { class: "minimap-shade", style: { left: `${chosen.right * 100}%`, right: 0 } }),
        /* @__PURE__ */ a3(Edge, { which: "start", zoom, length }),
        /* @__PURE__ */ a3(Edge, { which: "end", zoom, length })
      ] }),
      /* @__PURE__ */ a3("p", { class: "minimap-words", children: [
        isWhole ? /* @__PURE__ */ a3($, { children: [
          "All of ",
          duration(length),
          ". ",
          /* @__PURE__ */ a3("span", { class: "minimap-hint", children: [
            "Drag to zoom, or press ",
            /* @__PURE__ */ a3("kbd", { children: "z" }),
            " on a span."
          ] })
        ] }) : /* @__PURE__ */ a3($, { children: [
          "+",
          duration(zoom.start),
          " to +",
          duration(zoom.end),
          ", ",
          duration(zoom.end - zoom.start),
          " of ",
          duration(length)
        ] }),
        /* @__PURE__ */ a3("span", { class: "legend", children: [
          /* @__PURE__ */ a3("span", { class: "legend-critical", "aria-hidden": "true" }),
          " critical path: what the request waited for"
        ] }),
        !isWhole && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: whole, children: "Whole trace" })
      ] })
    ] });
  }
  function Edge(props) {
    const { which, zoom, length } = props;
    const value = zoom[which];
    const to = (us) => {
      const range = which === "start" ? { start: Math.min(us, zoom.end - 1), end: zoom.end } : { start: zoom.start, end: Math.max(us, zoom.start + 1) };
      zoom.set(clamp(range, length), "replace");
    };
    const keydown = (event) => {
      const step = Math.max(1, length * STEP);
      const next = {
        ArrowLeft: value - step,
        ArrowDown: value - step,
        ArrowRight: value + step,
        ArrowUp: value + step,
        PageDown: value - step * 5,
        PageUp: value + step * 5,
        Home: 0,
        End: length
      };
      const us = next[event.key];
      if (us === void 0) return;
      event.preventDefault();
      to(us);
    };
    const drag = (event) => {
      const handle = event.currentTarget;
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box2 = handle.parentElement.getBoundingClientRect();
      to((event.clientX - box2.left) / box2.width * length);
    };
    return /* @__PURE__ */ a3(
      "div",
      {
        class: `minimap-edge minimap-edge-${which}`,
        role: "slider",
        tabIndex: 0,
        "aria-label": which === "start" ? "Shown from" : "Shown to",
        "aria-valuemin": 0,
        "aria-valuemax": length,
        "aria-valuenow": Math.round(value),
        "aria-valuetext": `+${duration(value)}`,
        style: { left: `${value / Math.max(1, length) * 100}%` },
        onKeyDown: keydown,
        onPointerMove: drag,
        onPointerDown: (event) => {
          event.stopPropagation();
          event.currentTarget.setPointerCapture(event.pointerId);
        }
      }
    );
  }
  function draw2(context, width, height, rows, length, palette) {
    context.clearRect(0, 0, width, height);
    const thick = Math.max(1, Math.min(5, height / Math.max(1, rows.count) - 1));
    const lineHeight = Math.min(7, (height - 2) / Math.max(1, rows.count));
    const scale2 = width / Math.max(1, length);
    const colors = rows.services.map((service) => palette.service(service));
    const bar = (row, width2, height2) => context.fillRect(rows.start[row] * scale2, Math.round(1 + row * lineHeight), Math.max(width2, rows.duration[row] * scale2), height2);
    for (const color of new Set(colors)) {
      context.fillStyle = color;
      for (let row = 0; row < rows.count; row += 1) if (colors[rows.service[row]] === color) bar(row, 1, thick);
    }
    context.fillStyle = palette.token("bad-fill");
    for (let row = 0; row < rows.count; row += 1) if ((rows.flags[row] & ERROR) !== 0) bar(row, MIN_ERROR_PX, Math.max(MIN_ERROR_PX / 2, thick));
  }

  // src/screens/trace/missing.tsx
  function NoId() {
    useTitle("Trace");
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: "Trace" }),
      /* @__PURE__ */ a3("p", { children: [
        "The address names no trace. Paste a trace id, or its first four digits, into the search above, or choose one of the ",
        /* @__PURE__ */ a3("a", { href: href("traces", { sort: "slowest" }), children: "slowest traces" }),
        "."
      ] }),
      /* @__PURE__ */ a3(Command, { text: "coral query beyla traces --sort slowest" })
    ] });
  }
  function NotStored(props) {
    useTitle("Trace not stored");
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: "This trace is not stored" }),
      /* @__PURE__ */ a3("p", { children: [
        "Nothing is stored of a trace ",
        /* @__PURE__ */ a3("code", { children: props.id }),
        ". One of these is the reason:"
      ] }),
      /* @__PURE__ */ a3("ul", { class: "trace-missing", children: [
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("strong", { children: "Unknown" }),
          ": its spans never reached this colony, or have not been fetched yet. ",
          /* @__PURE__ */ a3("a", { href: href("status"), children: "Status" }),
          " says which agents are behind."
        ] }),
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("strong", { children: "Expired" }),
          ": spans are kept for some days (7, unless it is configured otherwise) or until the disk space for them is used up."
        ] }),
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("strong", { children: "Not sampled" }),
          ": the application or Beyla records only a share of the traces, and left this one out."
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "actions", children: /* @__PURE__ */ a3("a", { class: "button", href: href("traces"), children: "Traces that are stored" }) }),
      /* @__PURE__ */ a3(Command, { text: command("coral query beyla traces", [], [["--trace-id", props.id]]) })
    ] });
  }
  var ID = /\b[0-9a-f]{32}\b/g;
  var MOST6 = 8;
  function Ambiguous(props) {
    const found = [...new Set(props.error.message.match(ID) ?? [])];
    const isMore = /at least/.test(props.error.message) || found.length > MOST6;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: [
        "Several traces begin with ",
        props.id
      ] }),
      /* @__PURE__ */ a3("p", { children: [
        "Choose one",
        isMore && " of these few, or add digits: there are more",
        "."
      ] }),
      /* @__PURE__ */ a3("ul", { class: "trace-missing", children: found.slice(0, MOST6).map((id) => /* @__PURE__ */ a3(Candidate, { id }, id)) }),
      /* @__PURE__ */ a3(Command, { text: command("coral query beyla traces", [], [["--trace-id", props.id]]) })
    ] });
  }
  function Candidate(props) {
    const times2 = useTimes();
    const { answer } = useAnswer("traces/{id}/waterfall", { id: props.id });
    const name = answer === null ? "" : answer.names[answer.name[0] ?? 0] ?? "";
    return /* @__PURE__ */ a3("li", { children: [
      /* @__PURE__ */ a3("a", { href: href("trace", { id: props.id }), children: /* @__PURE__ */ a3("code", { children: props.id }) }),
      answer !== null && answer.depth.length > 0 && /* @__PURE__ */ a3("p", { class: "soft small", children: [
        answer.services[answer.service[0] ?? 0],
        " ",
        shortened(name),
        ", ",
        duration(answer.duration_us[0] ?? 0),
        ", ",
        counted(answer.span_count, "span"),
        answer.error_count > 0 && /* @__PURE__ */ a3($, { children: [
          ", ",
          /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: counted(answer.error_count, "error") })
        ] }),
        ", ",
        times2.full(answer.start_time_unix_us)
      ] })
    ] });
  }
  function Failed2(props) {
    const { error, retry } = props.of;
    useTitle("Trace");
    if (error === null) return null;
    if (error.status === 409) return /* @__PURE__ */ a3(Ambiguous, { id: props.id, error });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("h1", { children: "Trace" }),
      /* @__PURE__ */ a3(Failure, { error, retry })
    ] });
  }

  // src/screens/trace/operation.ts
  var SORTS2 = ["self", "total", "longest", "spans", "errors"];
  function operationsOf(rows, only, sort) {
    const found = /* @__PURE__ */ new Map();
    const names = rows.names.length + 1;
    for (let row = 0; row < rows.count; row += 1) {
      if (only !== null && only[row] === 0) continue;
      const key = (rows.service[row] * names + rows.name[row]) * 8 + rows.kind[row];
      let operation2 = found.get(key);
      if (!operation2) {
        operation2 = { service: rows.serviceOf(row), name: rows.nameOf(row), kind: rows.kindOf(row), spans: 0, errors: 0, total: 0, self: 0, longest: -1, row };
        found.set(key, operation2);
      }
      const took = rows.duration[row];
      operation2.spans += 1;
      operation2.errors += rows.flags[row] & ERROR;
      operation2.total += took;
      operation2.self += rows.self[row];
      if (took > operation2.longest) {
        operation2.longest = took;
        operation2.row = row;
      }
    }
    return [...found.values()].sort((one, other) => other[sort] - one[sort] || other.self - one.self);
  }

  // src/screens/trace/operations.tsx
  var TITLES = { self: "Itself", total: "Total", longest: "Longest", spans: "Spans", errors: "Errors" };
  var PAGE2 = 60;
  function Operations3(props) {
    const { params, rows, usual } = props;
    const sort = SORTS2.find((sort2) => sort2 === params.get("sort")) ?? "self";
    const all = w2(() => operationsOf(rows, props.matches, sort), [rows, props.matches, sort]);
    const self = all.reduce((sum, operation2) => sum + operation2.self, 0);
    const pages = Math.max(1, Math.ceil(all.length / PAGE2));
    const page = Math.min(pages, Math.max(1, Number(params.get("page")) || 1));
    if (all.length === 0) return /* @__PURE__ */ a3("p", { class: "notice", children: "No span matches." });
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Operations of the trace", children: /* @__PURE__ */ a3("table", { class: "operations cards", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "Operation" }),
          SORTS2.map((name) => /* @__PURE__ */ a3("th", { scope: "col", class: "number", "aria-sort": sort === name ? "descending" : void 0, children: /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => amend({ sort: name === "self" ? null : name, page: null }), children: [
            TITLES[name],
            sort === name && /* @__PURE__ */ a3("span", { "aria-hidden": "true", children: " ↓" })
          ] }) }, name)),
          usual && /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Usual" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: all.slice((page - 1) * PAGE2, page * PAGE2).map((operation2) => {
          const times2 = usual?.of(rows, operation2.row) ?? null;
          return /* @__PURE__ */ a3("tr", { children: [
            /* @__PURE__ */ a3("td", { class: "wide", children: [
              /* @__PURE__ */ a3(Service, { name: operation2.service, isLink: false }),
              " ",
              /* @__PURE__ */ a3("button", { type: "button", class: "quiet as-link", title: "Show its longest span", onClick: () => {
                props.selection.select(operation2.row, { details: true });
              }, children: shortened(operation2.name) || "no name" }),
              " ",
              /* @__PURE__ */ a3("span", { class: "soft", children: operation2.kind })
            ] }),
            /* @__PURE__ */ a3("td", { class: "number share-cell", "data-label": "Itself", children: [
              duration(operation2.self),
              " ",
              /* @__PURE__ */ a3("span", { class: "soft", children: percent(self > 0 ? operation2.self / self : 0) }),
              /* @__PURE__ */ a3("span", { class: "share-line", "aria-hidden": "true", children: /* @__PURE__ */ a3("span", { style: { width: `${self > 0 ? operation2.self / self * 100 : 0}%` } }) })
            ] }),
            /* @__PURE__ */ a3("td", { class: "number", "data-label": "Total", children: duration(operation2.total) }),
            /* @__PURE__ */ a3("td", { class: "number", "data-label": "Longest", children: duration(operation2.longest) }),
            /* @__PURE__ */ a3("td", { class: "number", "data-label": "Spans", children: count(operation2.spans) }),
            /* @__PURE__ */ a3("td", { class: "number", "data-label": "Errors", children: operation2.errors > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
              "✕ ",
              count(operation2.errors)
            ] }) : 0 }),
            usual && /* @__PURE__ */ a3("td", { class: "number", "data-label": "Usual", children: times2 ? duration(times2.p50) : "–" })
          ] }, `${operation2.service}
${operation2.name}
${operation2.kind}`);
        }) })
      ] }) }),
      pages > 1 && /* @__PURE__ */ a3("p", { class: "actions", children: [
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === 1, onClick: () => amend({ page: page - 1 }), children: "Earlier" }),
        /* @__PURE__ */ a3("span", { children: [
          "Page ",
          page,
          " of ",
          pages,
          ", ",
          count(all.length),
          " operations"
        ] }),
        /* @__PURE__ */ a3("button", { type: "button", disabled: page === pages, onClick: () => amend({ page: page + 1 }), children: "More" })
      ] })
    ] });
  }

  // src/screens/trace/toolbar.tsx
  var TITLES2 = { waterfall: "Waterfall", flame: "Flame", map: "Map", table: "Table", json: "JSON" };
  var WORDS6 = {
    critical: { word: "Critical path", title: "Spans that the request waited for" },
    errors: { word: "Errors", title: "Spans that failed" },
    slow: { word: "Slow", title: "Spans slower than in healthy traces; if those are not known, spans that took a tenth of the trace themselves" }
  };
  var TYPING_MS = 250;
  function Toolbar(props) {
    const { view, matching } = props;
    const bar = T2(null);
    const clear = () => {
      amend({ q: null, pills: null, services: null, only: null });
      bar.current?.querySelector(".filter-text")?.focus();
    };
    return /* @__PURE__ */ a3("div", { class: "trace-tools", ref: bar, children: [
      /* @__PURE__ */ a3("div", { class: "views", role: "group", "aria-label": "Views", children: VIEWS2.map((name, at) => /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": view.view === name, title: `${TITLES2[name]} (${at + 1})`, onClick: () => amend({ view: name === "waterfall" ? null : name }), children: TITLES2[name] }, name)) }),
      /* @__PURE__ */ a3("div", { class: "filter", children: [
        /* @__PURE__ */ a3(Search, { text: view.q }),
        /* @__PURE__ */ a3("div", { class: "pills", role: "group", "aria-label": "Only spans of these kinds match", children: PILLS.map((pill) => /* @__PURE__ */ a3(
          "button",
          {
            type: "button",
            class: "pill",
            "aria-pressed": view.pills.includes(pill),
            title: WORDS6[pill].title,
            onClick: () => setPills(view.pills.includes(pill) ? view.pills.filter((other) => other !== pill) : [...view.pills, pill]),
            children: WORDS6[pill].word
          },
          pill
        )) }),
        /* @__PURE__ */ a3(Services, { ...props }),
        matching !== null && /* @__PURE__ */ a3("div", { class: "matching", children: [
          /* @__PURE__ */ a3("span", { role: "status", children: [
            count(matching),
            " of ",
            count(props.rows)
          ] }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", "aria-label": "Previous match (N)", disabled: matching === 0, onClick: () => props.step(-1), children: "‹" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", "aria-label": "Next match (n)", disabled: matching === 0, onClick: () => props.step(1), children: "›" }),
          /* @__PURE__ */ a3("label", { class: "check", children: [
            /* @__PURE__ */ a3("input", { type: "checkbox", checked: view.only, onChange: () => amend({ only: !view.only }) }),
            " Only these"
          ] }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: clear, children: "Clear" })
        ] })
      ] }),
      props.asked.error !== null && view.q !== "" && /* @__PURE__ */ a3("p", { class: "notice notice-bad filter-error", role: "alert", children: [
        sentence(props.asked.error.message),
        " ",
        props.asked.error.hint !== null && sentence(props.asked.error.hint)
      ] })
    ] });
  }
  function Search(props) {
    const [text, setText] = d2(props.text);
    const later = useLater();
    const typed2 = T2(props.text);
    A2(() => {
      if (props.text !== typed2.current) setText(props.text);
      typed2.current = props.text;
    }, [props.text]);
    const input = (text2) => {
      setText(text2);
      later.set(() => {
        typed2.current = text2.trim();
        amend({ q: text2.trim() }, "replace");
      }, TYPING_MS);
    };
    return /* @__PURE__ */ a3(
      "input",
      {
        type: "search",
        class: "filter-text",
        value: text,
        "aria-label": "Find spans in this trace",
        placeholder: "Find spans: duration>5ms, name~select, key=value",
        autocomplete: "off",
        autocapitalize: "off",
        spellcheck: false,
        onInput: (event) => input(event.currentTarget.value),
        onKeyDown: (event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }
      }
    );
  }
  function Services(props) {
    const { view, services } = props;
    const details = T2(null);
    if (services.length < 2) return null;
    const close = () => {
      if (details.current) details.current.open = false;
    };
    const leave = (event) => {
      if (event.relatedTarget instanceof Node && !details.current?.contains(event.relatedTarget)) close();
    };
    const change2 = (name) => setServices(view.services.includes(name) ? view.services.filter((other) => other !== name) : [...view.services, name]);
    return /* @__PURE__ */ a3("details", { ref: details, class: "menu services-menu", onFocusOut: leave, onKeyDown: (event) => {
      if (event.key === "Escape") {
        close();
        details.current?.querySelector("summary")?.focus();
        event.stopPropagation();
      }
    }, children: [
      /* @__PURE__ */ a3("summary", { class: "button", children: view.services.length === 0 ? "All services" : `${view.services.length} of ${services.length} services` }),
      /* @__PURE__ */ a3("div", { class: "menu-body", children: [
        /* @__PURE__ */ a3("ul", { class: "services-list", children: services.map((time2) => /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("label", { class: "check", children: [
          /* @__PURE__ */ a3("input", { type: "checkbox", checked: view.services.includes(time2.service), onChange: () => change2(time2.service) }),
          /* @__PURE__ */ a3(Service, { name: time2.service, isLink: false }),
          /* @__PURE__ */ a3("span", { class: "soft", children: [
            count(time2.spans),
            time2.errors > 0 && `, ✕ ${count(time2.errors)}`
          ] })
        ] }) }, time2.service)) }),
        view.services.length > 0 && /* @__PURE__ */ a3("button", { type: "button", class: "menu-item", onClick: () => setServices([]), children: "All services" })
      ] })
    ] });
  }

  // src/screens/trace/steps.ts
  var MAX_OPENED = 20;
  function stepsOf({ rows, lines, view, isClosed, keep, matches, selection }) {
    const reach = (row, options) => {
      const isHidden2 = lineOf(rows, lines, row) < 0 || lines[lineOf(rows, lines, row)] !== row;
      if (isHidden2) {
        const above = rows.above(row).filter((row2) => isClosed[row2] === 1);
        if (view.closed.toggled.includes(ORPHANS_KEY) && row >= rows.firstOrphan) above.push(ORPHANS);
        const isOutside = view.root !== null && (row < view.root || row >= rows.end[view.root]);
        const closed = above.length > MAX_OPENED ? { level: null, toggled: [] } : toggle(rows, view.closed, ...above);
        amend({ level: closed.level, toggled: closed.toggled.join(","), ...isOutside ? { root: null } : {}, ...keep && keep[row] === 0 ? { only: null } : {} });
      }
      selection.select(row, options);
    };
    const step = (by) => {
      const row = matches ? nextRow(rows.count, selection.row < 0 ? by > 0 ? -1 : 0 : selection.row, by, (row2) => matches[row2] === 1) : -1;
      if (row >= 0) reach(row);
    };
    const nextError = () => {
      const row = nextRow(rows.count, selection.row < 0 ? -1 : selection.row, 1, (row2) => rows.is(row2, ERROR));
      if (row >= 0) reach(row, { details: true });
    };
    const move = (by) => {
      const line = selection.row === NOTHING2 ? -1 : lineOf(rows, lines, selection.row);
      const next = line < 0 ? by > 0 ? 0 : lines.length - 1 : Math.min(lines.length - 1, Math.max(0, line + by));
      const row = lines[next];
      if (row !== void 0) selection.select(row);
    };
    const close = () => {
      if (!view.details) return;
      const wasInside = (document.activeElement?.closest(".details") ?? null) !== null;
      selection.select(selection.row, { details: false });
      if (wasInside) document.querySelector("[role=row][tabindex='0']")?.focus();
    };
    return { reach, step, nextError, move, close };
  }

  // src/screens/trace/scroll.ts
  var MAX_PIXELS = 12e6;
  var SPARE_ROWS = 8;
  var MAX_ROWS = 72;
  function shown(lines, lineHeight, top, view) {
    const total = lines * lineHeight;
    const height = Math.min(total, MAX_PIXELS);
    const inAll = total > height ? top * ratio(total, height, view) : top;
    const fits = Math.ceil(view / lineHeight) + 1;
    const spare = Math.max(0, Math.min(SPARE_ROWS, Math.floor((MAX_ROWS - fits) / 2)));
    const at = Math.max(0, Math.floor(inAll / lineHeight));
    const first2 = Math.max(0, at - spare);
    const end = Math.min(lines, at + Math.min(fits, MAX_ROWS) + spare);
    return { height, first: first2, end, origin: top - inAll };
  }
  function scrollTo2(line, lines, lineHeight, top, view, where) {
    const total = lines * lineHeight;
    const height = Math.min(total, MAX_PIXELS);
    const factor2 = total > height ? ratio(total, height, view) : 1;
    const inAll = top * factor2;
    const [above, below] = [line * lineHeight, (line + 1) * lineHeight];
    if (above >= inAll && below <= inAll + view) return top;
    if (where === "middle") return Math.max(0, (above - view / 2) / factor2);
    return above < inAll ? above / factor2 : Math.max(0, (below - view) / factor2);
  }
  function ratio(total, height, view) {
    return (total - view) / Math.max(1, height - view);
  }

  // src/screens/trace/splitter.tsx
  var LEAST = 15;
  var MOST7 = 75;
  var STEP2 = 2;
  function useSplit(usual) {
    const [chosen, set] = d2(() => Number(stored("columns")) || null);
    const split2 = (percent2) => {
      const next = Math.round(Math.min(MOST7, Math.max(LEAST, percent2)));
      store("columns", String(next));
      set(next);
    };
    return { percent: Math.min(MOST7, Math.max(LEAST, chosen ?? usual)), split: split2 };
  }
  function Splitter(props) {
    const { percent: percent2, split: split2 } = props;
    const keydown = (event) => {
      const to = { ArrowLeft: percent2 - STEP2, ArrowRight: percent2 + STEP2, Home: LEAST, End: MOST7 };
      const next = to[event.key];
      if (next === void 0) return;
      event.preventDefault();
      split2(next);
    };
    const drag = (event) => {
      const edge = event.currentTarget;
      if (!edge.hasPointerCapture(event.pointerId)) return;
      const box2 = edge.parentElement.getBoundingClientRect();
      split2((event.clientX - box2.left) / box2.width * 100);
    };
    return /* @__PURE__ */ a3(
      "div",
      {
        class: "splitter",
        role: "separator",
        tabIndex: 0,
        "aria-orientation": "vertical",
        "aria-label": "Width of names",
        "aria-valuemin": LEAST,
        "aria-valuemax": MOST7,
        "aria-valuenow": percent2,
        style: { left: `${percent2}%` },
        onKeyDown: keydown,
        onPointerMove: drag,
        onPointerDown: (event) => event.currentTarget.setPointerCapture(event.pointerId)
      }
    );
  }

  // src/screens/trace/tree.ts
  function useTree(tree) {
    const { rows, lines, selection, tabLine, focus, bring } = tree;
    const isClosed = (row) => row === ORPHANS ? tree.orphansClosed : tree.isClosed[row] === 1;
    const hasChildren = (row) => row === ORPHANS || rows.hasChildren(row);
    const move = (to) => {
      bring.current = "nearest";
      focus.current = true;
      const line = Math.min(lines.length - 1, Math.max(0, to));
      selection.select(lines[line]);
    };
    const open = (row) => {
      if (!hasChildren(row)) return;
      if (isClosed(row)) tree.toggle(row);
      else move(tabLine + 1);
    };
    const close = (row) => {
      if (hasChildren(row) && !isClosed(row)) return tree.toggle(row);
      const above = row === ORPHANS ? NOTHING2 : rows.parent[row];
      const parent = above >= 0 ? above : row >= rows.firstOrphan ? ORPHANS : NOTHING2;
      const line = parent === NOTHING2 ? -1 : lines.indexOf(parent);
      if (line >= 0) move(line);
    };
    const keydown = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const page = Math.max(1, tree.linesInView - 1);
      const row = lines[tabLine];
      const to = {
        ArrowDown: tree.hasSelected ? tabLine + 1 : 0,
        ArrowUp: tabLine - 1,
        PageDown: tabLine + page,
        PageUp: tabLine - page,
        Home: 0,
        End: lines.length - 1
      };
      const line = to[event.key];
      if (line !== void 0) move(line);
      else if (event.key === "ArrowRight") open(row);
      else if (event.key === "ArrowLeft") close(row);
      else if (event.key === "Enter" || event.key === " ") {
        if (row === ORPHANS) tree.toggle(row);
        else selection.select(row, { details: true });
      } else return;
      event.preventDefault();
    };
    const click = (event) => {
      const element = event.target.closest("[data-row]");
      if (!element) return;
      const row = Number(element.dataset["row"]);
      focus.current = true;
      bring.current = "nearest";
      if (row === ORPHANS || event.target.closest(".line-toggle.is-parent")) tree.toggle(row);
      else selection.select(row, { details: true });
    };
    return { keydown, click, isClosed };
  }

  // src/screens/trace/waterfall.tsx
  var LINE_REM = 1.75;
  var LINE_REM_NARROW = 3;
  var NARROW_PX = 560;
  var TICK_PX = 110;
  var TICK_WORDS_PX = 44;
  var MIN_LINES = 4;
  var NAMES4 = 38;
  var NAMES_BESIDE = 46;
  var WIDE_PX = 1100;
  function Waterfall(props) {
    const { rows, lines, selection, zoom } = props;
    const { ref, size } = useSize();
    const axis2 = useSize();
    const [top, setTop] = d2(0);
    const isNarrow = size.width > 0 && size.width < NARROW_PX;
    const lineHeight = useLineHeight(isNarrow);
    const { percent: percent2, split: split2 } = useSplit(size.width < WIDE_PX ? NAMES_BESIDE : NAMES4);
    const view = Math.max(size.height, lineHeight);
    const range = shown(lines.length, lineHeight, top, view);
    const selected = w2(() => selection.row === NOTHING2 ? -1 : lineOf(rows, lines, selection.row), [rows, lines, selection.row]);
    const tabLine = selected >= 0 ? selected : 0;
    const bring = T2("middle");
    const focus = T2(false);
    const isMoved = T2(false);
    F2(() => {
      const box2 = ref.current;
      if (!box2 || selected < 0 || size.height === 0) return;
      const inWindow = innerHeight - box2.getBoundingClientRect().top;
      const seen = isMoved.current || inWindow < lineHeight * MIN_LINES ? view : Math.min(view, inWindow);
      const next = scrollTo2(selected, lines.length, lineHeight, box2.scrollTop, seen, bring.current ?? "middle");
      bring.current = null;
      if (Math.abs(next - box2.scrollTop) > 0.5) {
        box2.scrollTop = next;
        setTop(box2.scrollTop);
      }
      const row = box2.querySelector("[role=row][tabindex='0']");
      if (focus.current) row?.focus({ preventScroll: true });
      if (isMoved.current) row?.scrollIntoView({ block: "nearest" });
      isMoved.current = true;
    }, [selected, size.height > 0]);
    A2(() => {
      const box2 = ref.current;
      if (box2 && box2.scrollTop !== top) setTop(box2.scrollTop);
    }, [lines]);
    const scrolled = b(() => {
      if (ref.current) setTop(ref.current.scrollTop);
    }, []);
    const { keydown, click, isClosed } = useTree({ ...props, tabLine, hasSelected: selected >= 0, linesInView: Math.floor(view / lineHeight), focus, bring });
    const shownLines = [];
    if (tabLine < range.first && tabLine < lines.length) shownLines.push(tabLine);
    for (let line = range.first; line < range.end; line += 1) shownLines.push(line);
    if (tabLine >= range.end && tabLine < lines.length) shownLines.push(tabLine);
    const marks = ticks(zoom, Math.max(2, Math.floor(axis2.size.width / TICK_PX))).filter((mark) => part(mark, zoom) * axis2.size.width < axis2.size.width - TICK_WORDS_PX);
    return /* @__PURE__ */ a3("div", { class: `waterfall ${isNarrow ? "is-narrow" : ""}`, style: { "--name": `${percent2}%` }, children: [
      !isNarrow && /* @__PURE__ */ a3(Splitter, { percent: percent2, split: split2 }),
      /* @__PURE__ */ a3(Head2, { marks, zoom, usual: props.usual, axis: axis2.ref, scrollbarPx: size.width === 0 ? 0 : (ref.current?.offsetWidth ?? 0) - size.width }),
      /* @__PURE__ */ a3("div", { ref, class: "waterfall-rows", onScroll: scrolled, style: { height: `${Math.min(lines.length * lineHeight, 1e5)}px` }, children: /* @__PURE__ */ a3(
        "div",
        {
          class: "waterfall-sheet",
          role: "treegrid",
          "aria-label": "Spans of the trace",
          "aria-rowcount": lines.length,
          "aria-colcount": 4,
          "aria-readonly": "true",
          style: { height: `${range.height}px` },
          onKeyDown: keydown,
          onClick: click,
          onFocusIn: () => {
            focus.current = true;
          },
          onFocusOut: (event) => {
            if (event.relatedTarget !== null) focus.current = false;
          },
          children: [
            /* @__PURE__ */ a3("div", { class: "gridlines", role: "presentation", "aria-hidden": "true", children: /* @__PURE__ */ a3("div", { class: "line-time", children: marks.map((mark) => /* @__PURE__ */ a3("span", { class: "gridline", style: { left: `${part(mark, zoom) * 100}%` } }, mark)) }) }),
            shownLines.map((line) => {
              const row = lines[line];
              return /* @__PURE__ */ a3(
                Line3,
                {
                  rows,
                  row,
                  line,
                  top: range.origin + line * lineHeight,
                  height: lineHeight,
                  zoom,
                  isClosed: isClosed(row),
                  isSelected: line === selected && selection.row === row,
                  isTabStop: line === tabLine,
                  isMatch: props.matches === null || row === ORPHANS ? null : props.matches[row] === 1,
                  usual: props.usual
                },
                row
              );
            })
          ]
        }
      ) })
    ] });
  }
  function Head2(props) {
    const { marks, zoom, usual } = props;
    const title = usual ? `The median in ${counted(usual.traces, "healthy trace")} of the same operation` : void 0;
    return /* @__PURE__ */ a3("div", { class: "waterfall-head", "aria-hidden": "true", style: { paddingRight: `calc(${props.scrollbarPx}px + 0.25rem)` }, children: [
      /* @__PURE__ */ a3("div", { class: "line-name", children: "Service and operation" }),
      /* @__PURE__ */ a3("div", { class: "line-took", children: "Took" }),
      /* @__PURE__ */ a3("div", { class: "line-usual", title, children: usual && "Usual" }),
      /* @__PURE__ */ a3("div", { class: "line-time", ref: props.axis, children: marks.map((mark) => /* @__PURE__ */ a3("span", { class: "axis-mark", style: { left: `${part(mark, zoom) * 100}%` }, children: mark === 0 ? "0" : duration(mark) }, mark)) })
    ] });
  }
  function useLineHeight(isNarrow) {
    const [rem, setRem] = d2(16);
    A2(() => {
      const read2 = () => setRem(parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
      read2();
      addEventListener("resize", read2);
      return () => removeEventListener("resize", read2);
    }, []);
    return Math.round(rem * (isNarrow ? LINE_REM_NARROW : LINE_REM));
  }

  // src/screens/trace/trace.tsx
  function TraceScreen({ address }) {
    const { params } = address;
    const id = (params.get("id") ?? "").trim().toLowerCase();
    const source = sourceOf(params);
    const clocks = params.get("adjust_clocks") === "true";
    const asked2 = useAnswer("traces/{id}/waterfall", id === "" ? null : { id, source, adjust_clocks: clocks });
    if (id === "") return /* @__PURE__ */ a3(NoId, {});
    if (asked2.error !== null && (asked2.answer === null || asked2.error.status >= 400 && asked2.error.status < 500)) return /* @__PURE__ */ a3(Failed2, { id, of: asked2 });
    return /* @__PURE__ */ a3($, { children: [
      asked2.answer === null && /* @__PURE__ */ a3("h1", { class: "unseen", children: "Trace" }),
      /* @__PURE__ */ a3(Answer, { of: asked2, what: "the trace", children: (trace) => trace.depth.length === 0 ? /* @__PURE__ */ a3(NotStored, { id }) : /* @__PURE__ */ a3(Trace, { trace, params, source, clocks }, trace.trace_id) })
    ] });
  }
  function Trace(props) {
    const { trace, params, source, clocks } = props;
    const id = trace.trace_id;
    const length = Math.max(1, trace.trace_duration_us);
    const rows = w2(() => new Rows2(trace), [trace]);
    const view = useView(params, rows);
    const zoomed = useZoom(params, length);
    const zoom = w2(() => ({ start: zoomed.start, end: zoomed.end }), [zoomed.start, zoomed.end]);
    const selection = useSelection(params, rows);
    const isPainted = usePainted();
    const root = w2(() => longestRoot(rows), [rows]);
    useTitle(`${shortened(rows.nameOf(root), 80)} ${duration(rows.duration[root] ?? length)}`);
    const found = useAnswer("traces/{id}/find", view.q === "" ? null : { id, q: view.q, source, adjust_clocks: clocks });
    const inUrl = params.get("span");
    const chosen = w2(() => {
      const row = inUrl === null ? -1 : rows.find(inUrl);
      return row < 0 ? view.view === "json" ? rows.idOf(root) : null : rows.idOf(row);
    }, [inUrl, rows, root, view.view]);
    const isDetail = view.details || view.view === "json";
    const span = useAnswer("traces/{id}/spans/{span}", chosen !== null && isDetail ? { id, span: chosen } : null);
    const compared2 = useAnswer("compare", isPainted ? { a: id, source } : null);
    const usual = w2(() => compared2.answer && compared2.answer.b.traces > 0 ? new Usual(compared2.answer, rows) : null, [compared2.answer, rows]);
    const rowsFound = view.q === "" || found.error !== null ? null : found.answer?.rows ?? null;
    const matches = w2(
      () => matchesOf(rows, { found: rowsFound, pills: view.pills, services: view.services }, length, usual),
      [rows, rowsFound, view.pills, view.services, length, usual]
    );
    const keep = w2(() => view.only && matches ? withAbove(rows, matches) : null, [rows, matches, view.only]);
    const isClosed = w2(() => closedRows(rows, view.closed), [rows, view.closed]);
    const lines = w2(() => linesOf(rows, view.closed, view.root, keep), [rows, view.closed, view.root, keep]);
    const orphansClosed = view.closed.toggled.includes(ORPHANS_KEY);
    const steps = stepsOf({ rows, lines, view, isClosed, keep, matches, selection });
    A2(() => announce(`${counted(trace.span_count, "span")}, ${trace.error_count === 0 ? "no errors" : counted(trace.error_count, "error")}`), [trace]);
    useTraceKeys({
      traceId: id,
      rows,
      view,
      zoom: zoomed,
      length,
      row: selection.row,
      matches,
      reach: steps.reach,
      move: steps.move,
      open: () => {
        if (selection.row >= 0) selection.select(selection.row, { details: true });
      },
      close: steps.close
    });
    const hasPanel = view.details && selection.row >= 0 && selection.row < rows.count && view.view !== "json";
    return /* @__PURE__ */ a3("div", { class: "trace", children: [
      /* @__PURE__ */ a3(Header, { trace, rows, root, isAsked: isPainted, adjustsClocks: clocks, selection: { row: selection.row, select: steps.reach }, nextError: steps.nextError }),
      /* @__PURE__ */ a3(MiniMap, { rows, length, zoom: zoomed }),
      /* @__PURE__ */ a3(Toolbar, { view, services: trace.service_times, asked: found, matching: matches && countOf(matches), rows: rows.count, step: steps.step }),
      view.root !== null && /* @__PURE__ */ a3("p", { class: "notice subtree", children: [
        "Only the subtree of ",
        /* @__PURE__ */ a3("strong", { children: rows.serviceOf(view.root) }),
        " ",
        shortened(rows.nameOf(view.root)),
        " is shown. ",
        /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ root: null }), children: "Show all (F)" })
      ] }),
      /* @__PURE__ */ a3("div", { class: `trace-body ${hasPanel ? "has-panel" : ""}`, children: [
        /* @__PURE__ */ a3("div", { class: "trace-view", children: [
          view.view === "waterfall" && lines.length > 0 && /* @__PURE__ */ a3(
            Waterfall,
            {
              rows,
              lines,
              isClosed,
              orphansClosed,
              matches,
              zoom,
              usual,
              selection,
              toggle: (row) => setClosed(toggle(rows, view.closed, row))
            }
          ),
          view.view === "waterfall" && lines.length === 0 && /* @__PURE__ */ a3("p", { class: "notice", children: [
            "No span matches. ",
            /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ only: null }), children: "Show all spans" })
          ] }),
          view.view === "flame" && /* @__PURE__ */ a3(Flame, { rows, params }),
          view.view === "map" && /* @__PURE__ */ a3(Calls3, { rows, times: trace.service_times }),
          view.view === "table" && /* @__PURE__ */ a3(Operations3, { params, rows, matches, usual, selection: { row: selection.row, select: steps.reach } }),
          view.view === "json" && /* @__PURE__ */ a3(Json, { traceId: id, source: source ?? null, asked: span, isSelected: chosen !== null })
        ] }),
        hasPanel && /* @__PURE__ */ a3(Details, { asked: span, rows, row: selection.row, length, zoom: zoomed, root: view.root, close: steps.close })
      ] }),
      /* @__PURE__ */ a3(Command, { text: commandOf2(id, chosen, source, clocks, view.view) })
    ] });
  }
  function usePainted() {
    const [is, set] = d2(false);
    A2(() => {
      const frame = requestAnimationFrame(() => setTimeout(() => set(true)));
      return () => cancelAnimationFrame(frame);
    }, []);
    return is;
  }
  function longestRoot(rows) {
    let longest = 0;
    for (let row = 0; row < rows.firstOrphan; row = rows.end[row]) if (rows.duration[row] > rows.duration[longest]) longest = row;
    return longest;
  }
  function sourceOf(params) {
    const source = params.get("source");
    return source === "ebpf" || source === "sdk" ? source : void 0;
  }
  function commandOf2(id, span, source, clocks, view) {
    const isJson = span !== null && view === "json" && /^[0-9a-f]+$/.test(span);
    return command("coral query beyla traces", [], [
      ["--trace-id", id],
      isJson && ["--span", span],
      isJson && ["--format", "json"],
      view === "flame" && ["--format", "flamegraph"],
      source !== void 0 && ["--source", source],
      clocks && ["--adjust-clocks"]
    ]);
  }

  // src/screens/traces/view.ts
  var PAGE_ROWS2 = 50;
  function viewOf({ params }) {
    const source = params.get("source");
    return {
      q: params.get("q") ?? "",
      sort: params.get("sort") === "slowest" ? "slowest" : "newest",
      by: params.get("by") ?? "",
      area: {
        from: time(params.get("area_from")),
        to: time(params.get("area_to")),
        min: micros(params.get("min")),
        max: micros(params.get("max"))
      },
      after: params.get("after") ?? "",
      row: params.get("row") ?? "",
      picked: (params.get("pick") ?? "").split(",").filter((id) => id !== "").slice(0, 2),
      source: source === "ebpf" || source === "sdk" ? source : void 0,
      isTable: params.get("heatmap") === "table"
    };
  }
  function narrow(params) {
    amend({ after: null, row: null, ...params });
  }
  function areaParams(area) {
    return {
      area_from: area.from === null ? null : rfc3339(area.from),
      area_to: area.to === null ? null : rfc3339(area.to),
      min: area.min === null ? null : exactDuration(area.min),
      max: area.max === null ? null : exactDuration(area.max)
    };
  }
  function isNarrowed(area) {
    return Object.values(area).some((bound) => bound !== null);
  }
  function rangeOf({ area }, window) {
    return {
      since: area.from === null ? window.ask.since : rfc3339(area.from),
      until: area.to === null ? window.ask.until : rfc3339(area.to)
    };
  }
  function restLink(view, window) {
    const { min, max } = view.area;
    const inside = [min === null ? "" : `trace.duration>=${exactDuration(min)}`, max === null ? "" : `trace.duration<${exactDuration(max)}`].filter((text) => text !== "");
    const outside = [min === null ? "" : `trace.duration<${exactDuration(min)}`, max === null ? "" : `trace.duration>=${exactDuration(max)}`].filter((text) => text !== "");
    if (inside.length === 0) return null;
    const range = rangeOf(view, window);
    const times2 = view.area.from === null && view.area.to === null ? {} : { since: null, from: range.since, to: range.until === "now" ? null : range.until };
    return href("compare", {
      a: `q:${[group(view.q), ...inside].filter((text) => text !== "").join(" ")}`,
      b: `q:${and(view.q, outside.length > 1 ? `(${outside.join(" OR ")})` : outside[0] ?? "")}`,
      ...times2
    });
  }
  function command2(view, window) {
    const { area, q: q2, sort, by, source } = view;
    const range = rangeOf(view, window);
    const isWindow = area.from === null && area.to === null;
    return command("coral query beyla traces", [q2], [
      ...isWindow ? window.explicitFlags : [["--since", range.since], range.until !== "now" && ["--until", range.until]],
      area.min !== null && ["--min-duration", exactDuration(area.min)],
      area.max !== null && ["--max-duration", exactDuration(area.max)],
      by !== "" && ["--by", by],
      sort === "slowest" && ["--sort", sort],
      source !== void 0 && ["--source", source],
      ["--limit", PAGE_ROWS2]
    ]);
  }
  function exactDuration(us) {
    const whole = Math.round(us);
    if (whole % 1e6 === 0) return `${whole / 1e6}s`;
    return whole % 1e3 === 0 ? `${whole / 1e3}ms` : `${whole}us`;
  }
  function micros(text) {
    const match = /^\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|m|h)\s*$/.exec(text ?? "");
    const unit = { us: 1, "µs": 1, ms: 1e3, s: 1e6, m: 6e7, h: 36e8 }[match?.[2] ?? ""];
    return match && unit ? Math.round(Number(match[1]) * unit) : null;
  }
  function time(text) {
    const ms = Date.parse(text ?? "");
    return Number.isNaN(ms) ? null : ms * 1e3;
  }

  // src/screens/traces/bounds.tsx
  function Bounds(props) {
    const { map, view: { area } } = props;
    const times2 = useTimes();
    const submit = (event) => {
      event.preventDefault();
      const form = new FormData(event.currentTarget);
      const text = (name) => String(form.get(name) ?? "").trim();
      const length = (name) => {
        const us = micros(text(name));
        return us === null ? null : exactDuration(us);
      };
      const time2 = (name) => onDay(text(name), map);
      narrow({ min: length("min"), max: length("max"), area_from: time2("area_from"), area_to: time2("area_to") });
    };
    return /* @__PURE__ */ a3("details", { class: "bounds", children: [
      /* @__PURE__ */ a3("summary", { class: "small", children: "Choose an area with numbers" }),
      /* @__PURE__ */ a3("form", { onSubmit: submit, children: [
        /* @__PURE__ */ a3("label", { children: [
          "Took at least ",
          /* @__PURE__ */ a3("input", { name: "min", placeholder: "200ms", pattern: LENGTH, title: "A number with ms or s, such as 200ms", defaultValue: area.min === null ? "" : exactDuration(area.min) })
        ] }),
        /* @__PURE__ */ a3("label", { children: [
          "less than ",
          /* @__PURE__ */ a3("input", { name: "max", placeholder: "1s", pattern: LENGTH, title: "A number with ms or s, such as 1s", defaultValue: area.max === null ? "" : exactDuration(area.max) })
        ] }),
        /* @__PURE__ */ a3("label", { children: [
          "began from ",
          /* @__PURE__ */ a3("input", { name: "area_from", placeholder: times2.precise(map.since_unix_us).slice(0, 8), title: "A time in UTC, such as 02:41 or 2026-11-25T02:41:00Z", defaultValue: area.from === null ? "" : iso(area.from) })
        ] }),
        /* @__PURE__ */ a3("label", { children: [
          "until ",
          /* @__PURE__ */ a3("input", { name: "area_to", placeholder: times2.precise(map.until_unix_us).slice(0, 8), title: "A time in UTC", defaultValue: area.to === null ? "" : iso(area.to) })
        ] }),
        /* @__PURE__ */ a3("div", { class: "actions", children: [
          /* @__PURE__ */ a3("button", { type: "submit", children: "Show these traces" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => amend({ min: null, max: null, area_from: null, area_to: null, after: null }), children: "Any" })
        ] })
      ] }, `${area.from} ${area.to} ${area.min} ${area.max}`)
    ] });
  }
  var LENGTH = "\\s*\\d+(\\.\\d+)?\\s*(us|µs|ms|s|m|h)\\s*";
  function iso(us) {
    return new Date(us / 1e3).toISOString().replace(".000Z", "Z");
  }
  function onDay(text, map) {
    const clock = /^(\d\d?):(\d\d)(?::(\d\d))?$/.exec(text);
    if (clock === null) return Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString();
    const day = new Date(map.until_unix_us / 1e3);
    day.setUTCHours(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), 0);
    if (day.getTime() > map.until_unix_us / 1e3) day.setUTCDate(day.getUTCDate() - 1);
    return day.toISOString();
  }

  // src/screens/traces/grid.ts
  var FEWEST_ROWS = 6;
  function trimmed(map) {
    const { rows, columns } = map;
    const hasTraces = (row) => Array.from({ length: columns }, (_3, column) => map.counts[column * rows + row] ?? 0).some((count2) => count2 > 0);
    let low = 0;
    let high = rows - 1;
    while (high - low + 1 > FEWEST_ROWS && !hasTraces(high)) high -= 1;
    while (high - low + 1 > FEWEST_ROWS && !hasTraces(low)) low += 1;
    const kept = (cells) => cells.filter((_3, at) => at % rows >= low && at % rows <= high);
    return { ...map, rows: high - low + 1, bounds_us: map.bounds_us.slice(low, high + 2), counts: kept(map.counts), errors: kept(map.errors) };
  }
  function between2(one, other) {
    return {
      left: Math.min(one.column, other.column),
      right: Math.max(one.column, other.column),
      bottom: Math.min(one.row, other.row),
      top: Math.max(one.row, other.row)
    };
  }
  function cellAt({ columns, rows }, x2, y3) {
    const inside = (share3, cells) => Math.min(cells - 1, Math.max(0, Math.floor(share3 * cells)));
    return { column: inside(x2, columns), row: rows - 1 - inside(y3, rows) };
  }
  function areaOf(map, cells) {
    const time2 = (column) => Math.round(map.since_unix_us + (map.until_unix_us - map.since_unix_us) * column / map.columns);
    const isWhole = cells.left === 0 && cells.right === map.columns - 1;
    return {
      from: isWhole ? null : time2(cells.left),
      to: isWhole ? null : time2(cells.right + 1),
      min: cells.bottom === 0 ? null : map.bounds_us[cells.bottom] ?? null,
      max: cells.top === map.rows - 1 ? null : map.bounds_us[cells.top + 1] ?? null
    };
  }
  function heightOf({ bounds_us: bounds2, rows }, us) {
    let row = 0;
    while (row < rows - 1 && us >= (bounds2[row + 1] ?? Infinity)) row += 1;
    const [low, high] = [bounds2[row] ?? 1, bounds2[row + 1] ?? 1];
    const inside = high > low ? Math.log(Math.max(us, 1) / Math.max(low, 1)) / Math.log(high / Math.max(low, 1)) : 0;
    return Math.min(1, Math.max(0, (row + inside) / rows));
  }
  function rectangleOf(map, area) {
    const length = map.until_unix_us - map.since_unix_us;
    const across = (time2) => Math.min(1, Math.max(0, (time2 - map.since_unix_us) / length));
    const left = area.from === null ? 0 : across(area.from);
    const right = area.to === null ? 1 : across(area.to);
    const bottom = area.min === null ? 0 : heightOf(map, area.min);
    const top = area.max === null ? 1 : heightOf(map, area.max);
    return right > left && top > bottom ? { left, top: 1 - top, width: right - left, height: top - bottom } : null;
  }
  function cellsOf(map, area) {
    const rectangle = rectangleOf(map, area);
    if (rectangle === null) return null;
    const cells = {
      left: Math.max(0, Math.ceil(rectangle.left * map.columns - 0.5)),
      right: Math.ceil((rectangle.left + rectangle.width) * map.columns - 0.5) - 1,
      bottom: Math.max(0, Math.ceil((1 - rectangle.top - rectangle.height) * map.rows - 0.5)),
      top: Math.ceil((1 - rectangle.top) * map.rows - 0.5) - 1
    };
    return cells.right >= cells.left && cells.top >= cells.bottom ? cells : null;
  }
  function sumOf(map, cells) {
    let traces = 0;
    let errors = 0;
    for (let column = cells.left; column <= cells.right; column += 1) {
      for (let row = cells.bottom; row <= cells.top; row += 1) {
        traces += map.counts[column * map.rows + row] ?? 0;
        errors += map.errors[column * map.rows + row] ?? 0;
      }
    }
    return { traces, errors };
  }
  function allOf({ columns, rows }) {
    return { left: 0, right: columns - 1, bottom: 0, top: rows - 1 };
  }
  function durationTicks(map, most = 6) {
    const low = map.bounds_us[0] ?? 1;
    const high = map.bounds_us.at(-1) ?? 1;
    for (const steps of [[1, 1.5, 2, 3, 5, 7], [1, 2, 3, 5], [1, 2, 5], [1, 5], [1]]) {
      const ticks2 = [];
      for (let power = 1; power <= high; power *= 10) {
        for (const step of steps) if (step * power >= low && step * power <= high) ticks2.push(step * power);
      }
      if (ticks2.length <= most || steps.length === 1) return ticks2;
    }
    return [];
  }
  var STEPS_S2 = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];
  function timeTicks2(map, most) {
    const length = map.until_unix_us - map.since_unix_us;
    const step = (STEPS_S2.find((step2) => length / (step2 * 1e6) <= most) ?? 604800) * 1e6;
    const times2 = [];
    for (let time2 = Math.ceil(map.since_unix_us / step) * step; time2 < map.until_unix_us; time2 += step) times2.push(time2);
    return { step, times: times2 };
  }
  function summary2(map, columns) {
    const count2 = Math.min(columns, map.columns);
    const times2 = Array.from({ length: count2 }, (_3, at) => ({
      left: Math.floor(at * map.columns / count2),
      right: Math.floor((at + 1) * map.columns / count2) - 1,
      bottom: 0,
      top: map.rows - 1
    }));
    const rows = [];
    for (let row = map.rows - 1; row >= 0; row -= 1) {
      const cells = times2.map(({ left, right }) => {
        const part3 = { left, right, bottom: row, top: row };
        return { ...part3, ...sumOf(map, part3) };
      });
      if (cells.some((cell) => cell.traces > 0)) rows.push({ row, cells });
    }
    return { times: times2, rows };
  }

  // src/screens/traces/heatmap-table.tsx
  function HeatmapTable(props) {
    const { map } = props;
    const times2 = useTimes();
    const { times: groups, rows } = summary2(map, 6);
    const start = (column) => times2.precise(map.since_unix_us + (map.until_unix_us - map.since_unix_us) * column / map.columns).slice(0, 8);
    if (rows.length === 0) return /* @__PURE__ */ a3("p", { children: "No trace began in this time." });
    return /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": "Traces by time and duration", children: /* @__PURE__ */ a3("table", { class: "heatmap-table", children: [
      /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
        /* @__PURE__ */ a3("th", { scope: "col", children: "Took" }),
        groups.map((group2) => /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: [
          "from ",
          start(group2.left)
        ] }, group2.left))
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: rows.map(({ row, cells }) => /* @__PURE__ */ a3("tr", { children: [
        /* @__PURE__ */ a3("th", { scope: "row", children: [
          duration(map.bounds_us[row] ?? 0),
          row === map.rows - 1 ? " or more" : ` – ${duration(map.bounds_us[row + 1] ?? 0)}`
        ] }),
        cells.map((cell) => /* @__PURE__ */ a3("td", { class: "number", children: cell.traces === 0 ? /* @__PURE__ */ a3("span", { class: "soft", children: "–" }) : /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => narrow(areaParams(areaOf(map, cell))), children: [
          count(cell.traces),
          cell.errors > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
            "✕ ",
            count(cell.errors),
            " failed"
          ] })
        ] }) }, cell.left))
      ] }, row)) })
    ] }) });
  }

  // src/screens/traces/paint.ts
  function paint(canvas, map) {
    const context = canvas.getContext("2d");
    if (context === null) return;
    const ratio2 = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio2);
    canvas.height = Math.round(height * ratio2);
    context.scale(ratio2, ratio2);
    const style2 = getComputedStyle(canvas);
    const max = Math.max(1, ...map.counts);
    const cellWidth = width / map.columns;
    const cellHeight = height / map.rows;
    const gap = cellWidth > 5 ? 1 : 0.5;
    context.fillStyle = style2.color;
    for (let column = 0; column < map.columns; column += 1) {
      for (let row = 0; row < map.rows; row += 1) {
        const count2 = map.counts[column * map.rows + row] ?? 0;
        if (count2 === 0) continue;
        context.globalAlpha = 0.22 + 0.78 * Math.sqrt(count2 / max);
        context.fillRect(column * cellWidth, (map.rows - 1 - row) * cellHeight, cellWidth - gap, cellHeight - gap);
      }
    }
    context.globalAlpha = 1;
    const arm = Math.max(2, Math.min(cellWidth, cellHeight) * 0.36);
    for (const [color, line] of [[style2.backgroundColor, 4.5], [style2.textDecorationColor, 2]]) {
      context.strokeStyle = color;
      context.lineWidth = line;
      context.lineCap = "round";
      context.beginPath();
      for (let column = 0; column < map.columns; column += 1) {
        for (let row = 0; row < map.rows; row += 1) {
          if ((map.errors[column * map.rows + row] ?? 0) === 0) continue;
          const x2 = (column + 0.5) * cellWidth - gap / 2;
          const y3 = (map.rows - 0.5 - row) * cellHeight - gap / 2;
          context.moveTo(x2 - arm, y3 - arm);
          context.lineTo(x2 + arm, y3 + arm);
          context.moveTo(x2 + arm, y3 - arm);
          context.lineTo(x2 - arm, y3 + arm);
        }
      }
      context.stroke();
    }
  }

  // src/screens/traces/heatmap.tsx
  function HeatmapPart(props) {
    const { view } = props;
    const map = w2(() => trimmed(props.map), [props.map]);
    const times2 = useTimes();
    const most = Math.max(1, ...map.counts);
    const all = sumOf(map, allOf(map));
    return /* @__PURE__ */ a3("section", { class: "heatmap", "aria-labelledby": "heatmap-title", children: [
      /* @__PURE__ */ a3("div", { class: "heatmap-head", children: [
        /* @__PURE__ */ a3("h2", { id: "heatmap-title", children: "Duration over time" }),
        /* @__PURE__ */ a3("p", { class: "soft small heatmap-legend", children: [
          /* @__PURE__ */ a3("span", { class: "heatmap-key", children: [
            /* @__PURE__ */ a3("span", { class: "heatmap-scale", "aria-hidden": "true" }),
            " ",
            most > 1 && "1 to ",
            counted(most, "trace")
          ] }),
          /* @__PURE__ */ a3("span", { class: "heatmap-key", children: [
            /* @__PURE__ */ a3("span", { class: "tone-bad heatmap-cross", "aria-hidden": "true", children: "✕" }),
            " some failed"
          ] })
        ] }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", "aria-pressed": view.isTable, onClick: () => amend({ heatmap: view.isTable ? null : "table" }), children: "As a table" })
      ] }),
      view.isTable ? /* @__PURE__ */ a3(HeatmapTable, { map }) : /* @__PURE__ */ a3(Picture2, { map, area: view.area }),
      map.cut && /* @__PURE__ */ a3("p", { class: "small tone-warn", children: [
        "The window has more than ",
        counted(all.traces, "trace"),
        ". Only those since ",
        times2.short(map.counted_since_unix_us ?? map.since_unix_us),
        " are counted."
      ] }),
      /* @__PURE__ */ a3(Bounds, { map, view })
    ] });
  }
  function Picture2(props) {
    const { map, area } = props;
    const times2 = useTimes();
    const zone = j2(ZoneContext);
    const canvas = T2(null);
    const [drag, setDrag] = d2(null);
    const [pointed, setPointed] = d2(null);
    A2(() => {
      const element = canvas.current;
      if (element === null) return;
      const draw3 = () => paint(element, map);
      const resized = new ResizeObserver(draw3);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      resized.observe(element);
      addEventListener("coral:theme", draw3);
      scheme.addEventListener("change", draw3);
      return () => {
        resized.disconnect();
        removeEventListener("coral:theme", draw3);
        scheme.removeEventListener("change", draw3);
      };
    }, [map]);
    const at = (event) => {
      const box2 = event.currentTarget.getBoundingClientRect();
      return cellAt(map, (event.clientX - box2.left) / box2.width, (event.clientY - box2.top) / box2.height);
    };
    const choose = (event) => {
      if (drag === null) return;
      const cells2 = between2(drag.from, at(event));
      setDrag(null);
      const isOne = cells2.left === cells2.right && cells2.bottom === cells2.top;
      if (isOne && sumOf(map, cells2).traces === 0) narrow(areaParams({ from: null, to: null, min: null, max: null }));
      else narrow(areaParams(areaOf(map, cells2)));
    };
    const cells = drag === null ? null : between2(drag.from, drag.to);
    const chosen = cells ? rectangleOf(map, areaOf(map, cells)) : isNarrowed(area) ? rectangleOf(map, area) : null;
    const ticks2 = timeTicks2(map, innerWidth < 640 ? 4 : 9);
    const across = (time2) => (time2 - map.since_unix_us) / (map.until_unix_us - map.since_unix_us);
    const labelled = ticks2.times.filter((time2) => across(time2) < (innerWidth < 640 ? 0.85 : innerWidth < 1e3 ? 0.93 : 0.96));
    const label = (time2) => ticks2.step >= 864e8 ? times2.short(time2) : ticks2.step >= 6e7 ? times2.minute(time2) : times2.precise(time2).slice(0, 8);
    const said = cells ?? pointed;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "heatmap-picture", children: [
        /* @__PURE__ */ a3("div", { class: "heatmap-durations", "aria-hidden": "true", children: durationTicks(map).map((us) => /* @__PURE__ */ a3("span", { style: { bottom: `${heightOf(map, us) * 100}%` }, children: duration(us) }, us)) }),
        /* @__PURE__ */ a3(
          "div",
          {
            class: "heatmap-field",
            onPointerDown: (event) => {
              if (event.button === 0) {
                event.currentTarget.setPointerCapture(event.pointerId);
                setDrag({ from: at(event), to: at(event) });
              }
            },
            onPointerMove: (event) => {
              const to = at(event);
              if (drag) setDrag({ ...drag, to });
              else setPointed(between2(to, to));
            },
            onPointerUp: choose,
            onPointerCancel: () => setDrag(null),
            onPointerLeave: () => setPointed(null),
            children: [
              /* @__PURE__ */ a3("canvas", { ref: canvas, role: "img", "aria-label": `${counted(map.traces, "trace")} by time and duration. The button “As a table” shows the numbers.` }),
              durationTicks(map).map((us) => /* @__PURE__ */ a3("i", { class: "heatmap-line", style: { bottom: `${heightOf(map, us) * 100}%` } }, us)),
              chosen && /* @__PURE__ */ a3("div", { class: "heatmap-area", style: box(chosen) })
            ]
          }
        ),
        /* @__PURE__ */ a3("div", { class: "heatmap-times", "aria-hidden": "true", children: labelled.map((time2) => /* @__PURE__ */ a3("span", { style: { left: `${across(time2) * 100}%` }, children: label(time2) }, time2)) })
      ] }),
      /* @__PURE__ */ a3("p", { class: "heatmap-says soft small", "aria-hidden": "true", children: said ? /* @__PURE__ */ a3(Said, { map, cells: said }) : /* @__PURE__ */ a3($, { children: [
        "Time in ",
        zone === "utc" ? "UTC" : "your time zone",
        ". Drag over an area to see only its traces."
      ] }) })
    ] });
  }
  function Said({ map, cells }) {
    const times2 = useTimes();
    const { traces, errors } = sumOf(map, cells);
    const area = areaOf(map, cells);
    return /* @__PURE__ */ a3($, { children: [
      times2.precise(area.from ?? map.since_unix_us).slice(0, 8),
      " – ",
      times2.precise(area.to ?? map.until_unix_us).slice(0, 8),
      ", ",
      durations(area),
      ":",
      " ",
      /* @__PURE__ */ a3("strong", { children: counted(traces, "trace") }),
      errors > 0 && /* @__PURE__ */ a3($, { children: [
        ", ",
        count(errors),
        " failed"
      ] })
    ] });
  }
  function durations({ min, max }) {
    if (min === null) return max === null ? "any duration" : `under ${duration(max)}`;
    return max === null ? `over ${duration(min)}` : `${duration(min)} to ${duration(max)}`;
  }
  function box({ left, top, width, height }) {
    return { left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` };
  }

  // src/screens/traces/chips.tsx
  function Chips(props) {
    const { q: q2, area } = props.view;
    const times2 = useTimes();
    const found = conditionsOf(q2);
    const chips = found.conditions.map((condition, at) => /* @__PURE__ */ a3(
      Chip,
      {
        before: at === 0 ? "" : found.any ? "or" : "and",
        text: words(condition.text),
        title: condition.text,
        remove: () => narrow({ q: without(q2, found, condition) })
      },
      `${at} ${condition.text}`
    ));
    if (area.min !== null || area.max !== null) {
      chips.push(/* @__PURE__ */ a3(Chip, { before: chips.length > 0 ? "and" : "", text: `took ${durations(area)}`, title: "From the picture", remove: () => narrow({ min: null, max: null }) }, "duration"));
    }
    if (area.from !== null || area.to !== null) {
      const [from, to] = [area.from, area.to].map((time2) => time2 === null ? null : times2.precise(time2).slice(0, 8));
      const text = from === null ? `began before ${to}` : to === null ? `began after ${from}` : `began ${from} – ${to}`;
      chips.push(/* @__PURE__ */ a3(Chip, { before: chips.length > 0 ? "and" : "", text, title: "From the picture", remove: () => narrow({ area_from: null, area_to: null }) }, "time"));
    }
    if (chips.length === 0) return null;
    return /* @__PURE__ */ a3("div", { class: "chips", children: [
      /* @__PURE__ */ a3("h2", { class: "unseen", children: "Conditions" }),
      /* @__PURE__ */ a3("ul", { "aria-label": "Conditions of the search", children: chips }),
      chips.length > 1 && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => narrow({ q: null, min: null, max: null, area_from: null, area_to: null }), children: "Clear all" })
    ] });
  }
  function Chip(props) {
    return /* @__PURE__ */ a3("li", { children: [
      props.before !== "" && /* @__PURE__ */ a3("span", { class: "soft small", children: [
        props.before,
        " "
      ] }),
      /* @__PURE__ */ a3("span", { class: "chip", title: props.title, children: [
        /* @__PURE__ */ a3("span", { class: "chip-text", children: props.text }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", "aria-label": `Without: ${props.text}`, onClick: props.remove, children: "×" })
      ] })
    ] });
  }

  // src/screens/traces/groups.tsx
  var KEYS2 = ["service", "name", "code", "host.name", "service.version", "http.route", "http.request.method", "k8s.pod.name", "error.type"];
  function GroupPicker(props) {
    const { by } = props.view;
    const submit = (event) => {
      event.preventDefault();
      narrow({ by: String(new FormData(event.currentTarget).get("by") ?? "").trim() });
    };
    return /* @__PURE__ */ a3("form", { class: "by", onSubmit: submit, children: [
      /* @__PURE__ */ a3("label", { children: [
        "Count by ",
        /* @__PURE__ */ a3("input", { name: "by", list: "by-keys", placeholder: "host.name", defaultValue: by, size: 16, autocapitalize: "off", autocomplete: "off", spellcheck: false }, by)
      ] }),
      /* @__PURE__ */ a3("datalist", { id: "by-keys", children: KEYS2.map((key) => /* @__PURE__ */ a3("option", { value: key }, key)) }),
      /* @__PURE__ */ a3("button", { type: "submit", children: "Count" }),
      by !== "" && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => narrow({ by: null }), children: "Do not count" })
    ] });
  }
  function GroupTable(props) {
    const { groups: { by, groups, left_out: leftOut, more, traces }, view } = props;
    const most = Math.max(1, ...groups.map((group2) => group2.spans));
    if (groups.every((group2) => group2.value === null)) {
      return /* @__PURE__ */ a3("p", { class: "notice", children: [
        "No span that was counted has the key ",
        /* @__PURE__ */ a3("code", { children: by }),
        "."
      ] });
    }
    return /* @__PURE__ */ a3("section", { class: "section", "aria-labelledby": "groups-title", children: [
      /* @__PURE__ */ a3("h2", { id: "groups-title", children: [
        "Spans by ",
        by
      ] }),
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-label": `Table of spans by ${by}`, children: /* @__PURE__ */ a3("table", { class: "groups", children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: by }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Spans" }),
          /* @__PURE__ */ a3("th", { scope: "col", "aria-hidden": "true", class: "groups-bar" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Failed" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "P50" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "P95" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Traces" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: groups.map((group2) => /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("td", { children: group2.value === null ? /* @__PURE__ */ a3("span", { class: "soft", children: "without it" }) : /* @__PURE__ */ a3("button", { type: "button", class: "quiet groups-value", title: "Only these", onClick: () => narrow({ q: and(view.q, equals(by, group2.value ?? "")), by: null }), children: group2.value }) }),
          /* @__PURE__ */ a3("td", { class: "number", children: count(group2.spans) }),
          /* @__PURE__ */ a3("td", { class: "groups-bar", "aria-hidden": "true", children: /* @__PURE__ */ a3("span", { style: { width: `${group2.spans / most * 100}%` } }) }),
          /* @__PURE__ */ a3("td", { class: "number", children: group2.errors > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
            "✕ ",
            count(group2.errors),
            " (",
            rate(group2.errors / group2.spans),
            ")"
          ] }) : /* @__PURE__ */ a3("span", { class: "soft", children: "0" }) }),
          /* @__PURE__ */ a3("td", { class: "number", children: duration(group2.p50_us) }),
          /* @__PURE__ */ a3("td", { class: "number", children: duration(group2.p95_us) }),
          /* @__PURE__ */ a3("td", { class: "number", children: count(group2.traces) })
        ] }, group2.value ?? "")) })
      ] }) }),
      /* @__PURE__ */ a3("p", { class: "small soft", children: [
        "Counted in ",
        count(traces),
        " traces",
        more && ", and more match that were not counted",
        leftOut > 0 && `; ${count(leftOut)} further values are not shown`,
        "."
      ] })
    ] });
  }

  // src/parts/trace-reason.tsx
  function TraceReason(props) {
    const { failure, root_cause: cause, duration_us: us, usual_us: usual } = props.trace;
    if (failure === null && !cause) {
      return usual !== null && us > usual ? /* @__PURE__ */ a3("span", { class: "soft", children: "slower than usual, no cause found" }) : null;
    }
    return /* @__PURE__ */ a3($, { children: [
      cause && /* @__PURE__ */ a3("span", { class: "trace-reason", children: cause }),
      failure !== null && !(cause ?? "").includes(failure.service) && /* @__PURE__ */ a3("span", { class: "trace-reason", children: [
        /* @__PURE__ */ a3("span", { class: "tone-bad", children: "fails in" }),
        " ",
        failureOf(failure)
      ] })
    ] });
  }

  // src/screens/traces/list.tsx
  function TraceRows(props) {
    const { traces, view } = props;
    const longest = Math.max(1, ...traces.map((trace) => trace.duration_us));
    const at = traces.findIndex((trace) => trace.trace_id === view.row);
    const to = (next) => {
      const trace = traces[Math.min(traces.length - 1, Math.max(0, next))];
      if (trace === void 0) return;
      amend({ row: trace.trace_id }, "replace");
      const link2 = document.getElementById(`trace-${trace.trace_id}`);
      link2?.focus();
      link2?.closest("tr")?.scrollIntoView({ block: "nearest" });
    };
    const current = traces[at];
    useKeys("Traces", [
      { keys: "j", does: "next trace", run: () => to(at + 1) },
      { keys: "k", does: "previous trace", run: () => to(at < 0 ? 0 : at - 1) },
      { keys: "Enter", does: "open the trace", run: () => {
        if (current) {
          go(href("trace", { id: current.trace_id }));
          scrollTo(0, 0);
        }
      } },
      { keys: " ", does: "choose the trace for a comparison", run: () => {
        if (current) pick(view, current);
      } },
      { keys: "c", does: "compare the chosen traces, or one with healthy ones", run: () => {
        const [a4 = current?.trace_id, b2] = view.picked;
        if (a4 !== void 0) {
          go(href("compare", { a: a4, b: b2 }));
          scrollTo(0, 0);
        }
      } }
    ]);
    return /* @__PURE__ */ a3("table", { class: "traces", children: [
      /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
        /* @__PURE__ */ a3("th", { scope: "col", children: /* @__PURE__ */ a3("span", { class: "unseen", children: "Compare" }) }),
        /* @__PURE__ */ a3("th", { scope: "col", children: "Began" }),
        /* @__PURE__ */ a3("th", { scope: "col", children: "Request" }),
        /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Took" }),
        /* @__PURE__ */ a3("th", { scope: "col", children: "Why it is slow or fails" }),
        /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Spans" }),
        /* @__PURE__ */ a3("th", { scope: "col", children: "Services" })
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: traces.map((trace) => /* @__PURE__ */ a3(Row5, { trace, longest, view }, trace.trace_id)) })
    ] });
  }
  function Row5(props) {
    const { trace, view } = props;
    const times2 = useTimes();
    const picked = view.picked.indexOf(trace.trace_id);
    const name = `${trace.root_service ?? "root not received"} ${trace.root_operation}`;
    const keydown = (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      pick(view, trace);
    };
    return /* @__PURE__ */ a3("tr", { "aria-current": view.row === trace.trace_id ? "true" : void 0, class: picked >= 0 ? "traces-picked" : void 0, children: [
      /* @__PURE__ */ a3("td", { class: "traces-pick", children: /* @__PURE__ */ a3("button", { type: "button", class: "pick", "aria-pressed": picked >= 0, "aria-label": `Compare ${name}, ${duration(trace.duration_us)}`, onClick: () => pick(view, trace), children: ["A", "B"][picked] ?? "" }) }),
      /* @__PURE__ */ a3("td", { class: "traces-began number", children: /* @__PURE__ */ a3("time", { dateTime: new Date(trace.start_time_unix_us / 1e3).toISOString(), title: times2.full(trace.start_time_unix_us), children: times2.precise(trace.start_time_unix_us) }) }),
      /* @__PURE__ */ a3("td", { class: "traces-request", children: /* @__PURE__ */ a3("div", { class: "traces-what", children: [
        trace.root_service === null ? /* @__PURE__ */ a3("span", { class: "tone-warn", children: "root not received" }) : /* @__PURE__ */ a3(Service, { name: trace.root_service }),
        /* @__PURE__ */ a3("a", { id: `trace-${trace.trace_id}`, class: "traces-link", href: href("trace", { id: trace.trace_id }), onKeyDown: keydown, onFocus: () => view.row !== trace.trace_id && amend({ row: trace.trace_id }, "replace"), children: trace.root_operation }),
        trace.status_code !== null && /* @__PURE__ */ a3("span", { class: trace.status_code >= 500 ? "tone-bad" : "soft", children: trace.status_code })
      ] }) }),
      /* @__PURE__ */ a3("td", { class: "traces-took", children: /* @__PURE__ */ a3(Took, { trace, longest: props.longest }) }),
      /* @__PURE__ */ a3("td", { class: "traces-why", children: /* @__PURE__ */ a3(TraceReason, { trace }) }),
      /* @__PURE__ */ a3("td", { class: "traces-spans number", children: [
        count(trace.span_count),
        /* @__PURE__ */ a3("span", { class: "traces-unit", children: " spans" }),
        trace.error_count > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
          ", ✕ ",
          count(trace.error_count),
          " failed"
        ] })
      ] }),
      /* @__PURE__ */ a3("td", { class: "traces-services", title: trace.services.join(", "), children: /* @__PURE__ */ a3(ServiceNames, { names: trace.services, root: trace.root_service }) })
    ] });
  }
  function Took(props) {
    const { duration_us: us, usual_us: usual } = props.trace;
    const isSlow2 = usual !== null && us > usual;
    return /* @__PURE__ */ a3("div", { class: "took", children: [
      /* @__PURE__ */ a3("span", { class: "took-text", children: [
        /* @__PURE__ */ a3("strong", { children: duration(us) }),
        isSlow2 && /* @__PURE__ */ a3("span", { class: "soft", children: [
          " usual ",
          duration(usual)
        ] })
      ] }),
      /* @__PURE__ */ a3("span", { class: "took-bar", "aria-hidden": "true", children: [
        /* @__PURE__ */ a3("span", { class: `took-fill${isSlow2 ? " took-slow" : ""}`, style: { width: `${Math.max(0.5, us / props.longest * 100)}%` } }),
        usual !== null && usual < props.longest && /* @__PURE__ */ a3("span", { class: "took-usual", style: { left: `${usual / props.longest * 100}%` } })
      ] })
    ] });
  }
  var NAMED = 2;
  function ServiceNames(props) {
    const others = props.names.filter((name) => name !== props.root);
    if (others.length === 0) return /* @__PURE__ */ a3("span", { class: "soft", children: "only this one" });
    const more = others.length - NAMED;
    return /* @__PURE__ */ a3("span", { class: "soft", children: [
      others.slice(0, NAMED).join(", "),
      more > 0 && ` and ${more} more`
    ] });
  }
  function pick(view, trace) {
    const id = trace.trace_id;
    const picked = view.picked.includes(id) ? view.picked.filter((other) => other !== id) : [...view.picked, id].slice(-2);
    amend({ pick: picked.join(","), row: id }, "replace");
    announce(picked.length === 0 ? "No trace chosen" : `${counted(picked.length, "trace")} chosen for a comparison`);
  }
  function Picked(props) {
    const { picked } = props.view;
    const [a4, b2] = picked;
    if (a4 === void 0) return null;
    return /* @__PURE__ */ a3("aside", { class: "picked", "aria-label": "Comparison", children: [
      /* @__PURE__ */ a3("span", { children: [
        /* @__PURE__ */ a3("strong", { children: "A" }),
        " ",
        /* @__PURE__ */ a3("code", { children: a4.slice(0, 8) }),
        b2 !== void 0 && /* @__PURE__ */ a3($, { children: [
          " and ",
          /* @__PURE__ */ a3("strong", { children: "B" }),
          " ",
          /* @__PURE__ */ a3("code", { children: b2.slice(0, 8) })
        ] })
      ] }),
      /* @__PURE__ */ a3("a", { class: "button button-first", href: href("compare", { a: a4, b: b2 }), children: [
        b2 === void 0 ? "Compare with healthy traces" : "Compare",
        " ",
        /* @__PURE__ */ a3("kbd", { "aria-hidden": "true", children: "c" })
      ] }),
      /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => amend({ pick: null }, "replace"), children: "Clear" })
    ] });
  }

  // src/screens/traces/mistake.tsx
  function Mistake(props) {
    const { q: q2, message } = props;
    const column = Number(/column (\d+)/.exec(message)?.[1] ?? 0);
    const [reason = "", hint = props.hint] = message.replace(/^q:\s*(column \d+:\s*)?/, "").split(/\.?\s*Hint:\s*/);
    const characters = Array.from(q2);
    const at = Math.min(Math.max(column, 1) - 1, characters.length);
    const from = characters.slice(0, at).join("").length;
    const word2 = /has no operator/.test(reason) ? /^[^\s<>!~=:()"]+/.exec(q2.slice(from))?.[0] : void 0;
    return /* @__PURE__ */ a3("section", { class: "notice notice-bad", role: "alert", children: [
      /* @__PURE__ */ a3("h2", { children: "The search cannot be read" }),
      /* @__PURE__ */ a3("p", { class: "mistake", children: /* @__PURE__ */ a3("code", { children: [
        characters.slice(0, at).join(""),
        /* @__PURE__ */ a3("mark", { children: characters[at] ?? " " }),
        characters.slice(at + 1).join("")
      ] }) }),
      /* @__PURE__ */ a3("p", { children: [
        column > 0 && `At character ${column}: `,
        column > 0 ? reason : sentence(reason),
        column > 0 && ".",
        " ",
        hint && sentence(hint)
      ] }),
      word2 !== void 0 && /* @__PURE__ */ a3("p", { class: "actions", children: [equals("service", word2), `name~${quoted(word2)}`].map((condition) => /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ q: `${q2.slice(0, from)}${condition}${q2.slice(from + word2.length)}` }), children: words(condition) }, condition)) }),
      /* @__PURE__ */ a3("p", { class: "small soft", children: [
        "Press ",
        /* @__PURE__ */ a3("kbd", { children: "/" }),
        " to change it, or ",
        /* @__PURE__ */ a3("kbd", { children: "?" }),
        " to see what can be written."
      ] })
    ] });
  }

  // src/screens/traces/nothing.tsx
  var MAX_COUNTED = 6;
  function Nothing(props) {
    const { list, view, window } = props;
    const found = conditionsOf(view.q);
    const hasConditions = found.conditions.length > 0 || isNarrowed(view.area);
    return /* @__PURE__ */ a3("section", { class: "nothing card", "aria-labelledby": "nothing-title", children: [
      /* @__PURE__ */ a3("h2", { id: "nothing-title", children: [
        hasConditions ? "No trace meets the conditions" : "No trace began in this time",
        ": ",
        window.label
      ] }),
      list.did_you_mean.map((name) => /* @__PURE__ */ a3("p", { children: [
        "No span is of that service. Did you mean ",
        /* @__PURE__ */ a3(Instead, { view, wrong: { key: "service", value: null }, value: name }),
        "?"
      ] }, name)),
      list.unmatched.map((one) => /* @__PURE__ */ a3(Reason, { one, view }, `${one.key} ${one.value}`)),
      hasConditions && /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("p", { children: "How many there are without one of the conditions:" }),
        /* @__PURE__ */ a3("ul", { class: "nothing-without", children: [
          found.conditions.slice(0, MAX_COUNTED).map((condition) => /* @__PURE__ */ a3(Without, { q: without(view.q, found, condition), text: words(condition.text), view, window }, condition.from)),
          isNarrowed(view.area) && /* @__PURE__ */ a3("li", { children: /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ min: null, max: null, area_from: null, area_to: null }), children: "Without the area" }) })
        ] })
      ] }),
      /* @__PURE__ */ a3(Newest, { window, hasConditions })
    ] });
  }
  function Reason(props) {
    const { one, view } = props;
    if (one.is_text) return /* @__PURE__ */ a3("p", { children: [
      "The values of ",
      /* @__PURE__ */ a3("code", { children: one.key }),
      " are text, such as ",
      one.similar.join(", "),
      ", and have no order."
    ] });
    const said = one.value === null ? /* @__PURE__ */ a3($, { children: [
      "None of the ",
      count(one.spans),
      " newest spans has the key ",
      /* @__PURE__ */ a3("code", { children: one.key }),
      "."
    ] }) : one.key === "service" ? /* @__PURE__ */ a3($, { children: [
      "No span belongs to the service ",
      /* @__PURE__ */ a3("code", { children: one.value }),
      "."
    ] }) : /* @__PURE__ */ a3($, { children: [
      "None of the ",
      count(one.spans),
      " newest spans has ",
      /* @__PURE__ */ a3("code", { children: one.key }),
      " with the value ",
      /* @__PURE__ */ a3("code", { children: one.value }),
      "."
    ] });
    return /* @__PURE__ */ a3("p", { children: [
      said,
      one.similar.length > 0 && /* @__PURE__ */ a3($, { children: [
        " There is: ",
        one.similar.map((text, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && ", ",
          /* @__PURE__ */ a3(Instead, { view, wrong: one, value: text })
        ] }, text))
      ] })
    ] });
  }
  function Instead(props) {
    const { view: { q: q2 }, wrong, value } = props;
    const replace = () => {
      const found = conditionsOf(q2);
      const corrected = found.conditions.map((condition) => {
        const parts = partsOf(condition.text);
        if (parts.isNegated || parts.key !== wrong.key) return condition.text;
        if (wrong.value !== null || wrong.key === "service") return wrong.value === null || parts.value === wrong.value ? equals(wrong.key, value) : condition.text;
        return condition.text.replace(wrong.key, value);
      });
      narrow({ q: corrected.join(found.any ? " OR " : " ") });
    };
    return /* @__PURE__ */ a3("button", { type: "button", onClick: replace, children: value });
  }
  function Without(props) {
    const { q: q2, text, view, window } = props;
    const asked2 = useAnswer("heatmap", { q: q2, ...rangeOf(view, window), source: view.source, columns: 1, rows: 1 });
    const traces = asked2.answer?.traces;
    return /* @__PURE__ */ a3("li", { children: [
      /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ q: q2 }), children: [
        "Without ",
        /* @__PURE__ */ a3("strong", { children: text })
      ] }),
      " ",
      /* @__PURE__ */ a3("span", { class: "soft", children: traces === void 0 ? asked2.error ? "" : "counting …" : traces === 0 ? "still none" : counted(traces, "trace") })
    ] });
  }
  function Newest(props) {
    const asked2 = useAnswer("traces", { limit: 1, since: "30d", until: "now" });
    const newest = asked2.answer?.traces[0];
    if (asked2.answer === null) return null;
    if (newest === void 0) {
      return /* @__PURE__ */ a3("p", { children: [
        "No trace is stored at all. ",
        /* @__PURE__ */ a3("code", { children: "coral beyla doctor" }),
        " on a host says what its services need to be seen; the ",
        /* @__PURE__ */ a3("a", { href: href("status"), children: "status" }),
        " says what agents received."
      ] });
    }
    const age = Date.now() / 1e3 - newest.start_time_unix_us / 1e6;
    const longer2 = LENGTHS.at(-1);
    return /* @__PURE__ */ a3("p", { children: [
      "The newest stored trace began ",
      ago(newest.start_time_unix_us),
      age > 120 ? /* @__PURE__ */ a3($, { children: [
        ": agents may be down, the ",
        /* @__PURE__ */ a3("a", { href: href("status"), children: "status" }),
        " knows."
      ] }) : ".",
      " ",
      longer2 && props.window.ask.since !== longer2.since && /* @__PURE__ */ a3("a", { href: href("traces", { ...Object.fromEntries(new URLSearchParams(location.search)), from: null, to: null, area_from: null, area_to: null, since: longer2.since }), children: [
        "Search the ",
        longer2.label
      ] })
    ] });
  }

  // src/screens/traces/traces.tsx
  var FAILED = "status:error";
  var MANY_COLUMNS = 60;
  var FEW_COLUMNS = 30;
  var ROWS2 = 40;
  function Traces({ address, window }) {
    const view = viewOf(address);
    useTitle(view.q === "" ? "Traces" : `${view.q} · Traces`);
    const list = useAnswer("traces", {
      q: view.q,
      ...rangeOf(view, window),
      min_duration_us: view.area.min,
      max_duration_us: view.area.max,
      by: view.by,
      sort: view.sort,
      after: view.after,
      source: view.source,
      causes: true,
      limit: PAGE_ROWS2
    });
    const columns = innerWidth < 640 ? FEW_COLUMNS : MANY_COLUMNS;
    const heatmap = useAnswer("heatmap", { q: view.q, ...window.ask, source: view.source, columns, rows: ROWS2 });
    const isMistake = list.error?.status === 400 && list.error.message.startsWith("q:");
    const isFailure = isMistake || list.error !== null && heatmap.error !== null && heatmap.answer === null;
    useKeys("Traces", [{ keys: "Escape", does: "out of the area", run: () => isNarrowed(view.area) && narrow({ min: null, max: null, area_from: null, area_to: null }) }]);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "head traces-head", children: [
        /* @__PURE__ */ a3("h1", { children: "Traces" }),
        /* @__PURE__ */ a3(Sum, { map: heatmap.answer, label: window.label }),
        /* @__PURE__ */ a3(Choices, { view })
      ] }),
      /* @__PURE__ */ a3(Chips, { view }),
      !isFailure && /* @__PURE__ */ a3(Answer, { of: heatmap, what: "the durations", children: (map) => map.traces > 0 && /* @__PURE__ */ a3(HeatmapPart, { map, view }) }),
      /* @__PURE__ */ a3(AreaLine, { view, link: restLink(view, window), map: heatmap.answer }),
      isMistake ? /* @__PURE__ */ a3(Mistake, { q: view.q, message: list.error?.message ?? "", hint: list.error?.hint ?? null }) : /* @__PURE__ */ a3(Answer, { of: list, what: "traces", children: (answer) => /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Gaps, { coverage: answer.coverage }),
        answer.traces.length > 0 && /* @__PURE__ */ a3(GroupPicker, { view }),
        answer.groups !== null && /* @__PURE__ */ a3(GroupTable, { groups: answer.groups, view }),
        answer.traces.length === 0 ? /* @__PURE__ */ a3(Nothing, { list: answer, view, window }) : /* @__PURE__ */ a3(Page2, { list: answer, view })
      ] }) }),
      /* @__PURE__ */ a3(Picked, { view }),
      /* @__PURE__ */ a3(Command, { text: command2(view, window) })
    ] });
  }
  function Sum(props) {
    const { map } = props;
    if (map === null) return /* @__PURE__ */ a3("p", { class: "soft", children: props.label });
    const { errors } = sumOf(map, allOf(map));
    return /* @__PURE__ */ a3("p", { class: "soft", children: [
      map.traces === 0 ? "no trace" : /* @__PURE__ */ a3($, { children: [
        map.cut && "more than ",
        counted(map.traces, "trace")
      ] }),
      ", ",
      map.traces > 0 && /* @__PURE__ */ a3($, { children: [
        errors > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
          "✕ ",
          count(errors),
          " with a failed span"
        ] }) : "none failed",
        ", "
      ] }),
      props.label
    ] });
  }
  function Choices(props) {
    const { q: q2, sort } = props.view;
    const found = conditionsOf(q2);
    const failed2 = found.any ? void 0 : found.conditions.find((condition) => condition.text === FAILED);
    return /* @__PURE__ */ a3("div", { class: "actions traces-choices", children: [
      /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": failed2 !== void 0, onClick: () => narrow({ q: failed2 ? without(q2, found, failed2) : and(q2, FAILED) }), children: "✕ Failed only" }),
      /* @__PURE__ */ a3("div", { class: "actions", role: "group", "aria-label": "Order", children: [
        /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": sort === "newest", onClick: () => narrow({ sort: null }), children: "Newest" }),
        /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": sort === "slowest", onClick: () => narrow({ sort: "slowest" }), children: "Slowest" })
      ] })
    ] });
  }
  function AreaLine(props) {
    const { view, link: link2, map } = props;
    if (!isNarrowed(view.area)) return null;
    const cells = map && cellsOf(map, view.area);
    const sum = map && cells && sumOf(map, cells);
    return /* @__PURE__ */ a3("p", { class: "area-line", children: [
      /* @__PURE__ */ a3("span", { children: [
        "Only the chosen area, ",
        durations(view.area),
        sum && /* @__PURE__ */ a3($, { children: [
          ": ",
          /* @__PURE__ */ a3("strong", { children: [
            "about ",
            counted(sum.traces, "trace")
          ] }),
          sum.errors > 0 && /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
            " ✕ ",
            count(sum.errors),
            " failed"
          ] })
        ] }),
        "."
      ] }),
      sum?.traces === 0 ? null : link2 !== null ? /* @__PURE__ */ a3("a", { class: "button button-first", href: link2, children: "Compare this area with the rest" }) : /* @__PURE__ */ a3("span", { class: "soft", children: "Choose less than the full height to compare it with the other traces of the same time." }),
      /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ min: null, max: null, area_from: null, area_to: null }), children: "Clear the area" })
    ] });
  }
  function Page2(props) {
    const { list, view } = props;
    const order = view.sort === "slowest" ? "slowest first" : "newest first";
    const further = view.sort === "slowest" ? "Faster" : "Older";
    return /* @__PURE__ */ a3("section", { class: "section traces-list", "aria-label": "List of traces", children: [
      /* @__PURE__ */ a3(TraceRows, { traces: list.traces, view }),
      /* @__PURE__ */ a3("div", { class: "traces-more", children: [
        /* @__PURE__ */ a3("span", { class: "soft", children: [
          "Showing ",
          counted(list.traces.length, "trace"),
          ", ",
          order,
          view.after !== "" && ", not from the beginning",
          ".",
          list.more ? " More match." : " No more match."
        ] }),
        view.after !== "" && /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ after: null }), children: [
          "Back to the ",
          view.sort
        ] }),
        list.next ? /* @__PURE__ */ a3("button", { type: "button", onClick: () => {
          amend({ after: list.next, row: null });
          scrollTo(0, 0);
        }, children: [
          further,
          " traces"
        ] }) : list.more && /* @__PURE__ */ a3("span", { class: "soft", children: "Add a condition to see the others." })
      ] })
    ] });
  }

  // src/screens/why/asking.ts
  var BASELINES = [
    { length: "15m", label: "15 minutes before" },
    { length: "1h", label: "1 hour before" },
    { length: "3h", label: "3 hours before" },
    { length: "12h", label: "12 hours before" },
    { length: "1d", label: "1 day before" },
    { length: "7d", label: "7 days before" }
  ];
  var DEFAULT_BASELINE = "1h";
  function baselineWords(length) {
    if (length === "1h") return "the hour";
    return BASELINES.find((baseline) => baseline.length === length)?.label.replace(" before", "") ?? length;
  }
  function asking({ params }, window) {
    const service = params.get("service") || null;
    const route = params.get("route") || null;
    const trace = params.get("trace") || null;
    const baseline = params.get("baseline") || null;
    const find2 = window.isDefault && baseline === null && trace === null;
    return {
      service,
      route,
      trace,
      baseline,
      ask: {
        service,
        route,
        trace_id: trace,
        baseline: baseline ?? DEFAULT_BASELINE,
        find_beginning: find2,
        since: window.ask.since,
        until: window.ask.until
      },
      command: command("coral why", [service], [
        route !== null && ["--route", route],
        ...trace === null ? window.flags : [["--trace-id", trace]],
        baseline !== null && ["--baseline", baseline]
      ])
    };
  }
  function longer(length, lengths) {
    const at = lengths.indexOf(length);
    return lengths[at + 1] ?? null;
  }
  function same({ service, route, trace, baseline }, changed) {
    return { service, route, trace, baseline, ...changed };
  }

  // src/screens/why/words.ts
  function question(why) {
    const kind = why.verdict === "cause" ? why.ranking[0]?.kind : void 0;
    return asked(why.service, why.route, why.trace_id, kind === "error");
  }
  function asked(service, route, trace, fails = false) {
    const who = trace ? `trace ${trace.slice(0, 8)}` : route ? service ? `${route} of ${service}` : route : service || "everything";
    if (!fails) return `Why is ${who} slow?`;
    return who === "everything" ? "Why do requests fail?" : `Why does ${who} fail?`;
  }
  function suspicion(suspect) {
    const { component, service } = suspect;
    const isCaller = component.startsWith(`${service} → `);
    const isCalled = component.includes(` → ${service} `);
    switch (suspect.kind) {
      case "own":
        return "takes longer itself in";
      case "error":
        return "fails, although nothing that it calls fails, in";
      case "missing":
        return isCalled ? "has a caller that stops early, before or after this call:" : "stops before making calls that it made in the baseline, in";
      case "edge":
        return isCaller ? "takes longer to reach the service that it calls:" : "takes longer to be reached by its caller:";
      case "leaf":
        return isCaller ? "waits longer for the response to a call:" : "responds more slowly to a call:";
      case "queue":
        return "starts requests later, which wait in its queue:";
      case "repeated":
        return isCaller ? "repeats a call within one request:" : "is called repeatedly within one request:";
      case "more_often":
        return isCaller ? "makes a call in more requests than in the baseline:" : "is called in more requests than in the baseline:";
      case "new":
        return isCaller ? "makes a call that the baseline does not have:" : "receives a call that the baseline does not have:";
    }
  }
  var ALL = 0.995;
  var MIN_OUTCOME = 0.5;
  function difference2(suspect, standouts) {
    const explains = standouts.find((found) => found.explains);
    const common = explains ? `, ${share2(explains.affected)} of them with ${values(explains, 1)}` : "";
    const { rates, times: times2, kind } = suspect;
    if (rates && kind === "error") {
      const outcome = standouts.find((found) => !found.explains && found.affected >= MIN_OUTCOME);
      const ends2 = outcome ? `, ${share2(outcome.affected)} with ${values(outcome, 1)}` : "";
      return `${now(rates)} of its requests fail (${before(rates)} in the baseline)${common}${ends2}`;
    }
    if (rates) return `in ${now(rates)} of requests (${before(rates)} in the baseline)${common}`;
    if (explains?.times) {
      const { with_us, without_us, other_value } = explains.times;
      const without2 = other_value === null ? "without" : `with ${explains.key}=${other_value}`;
      return `P50 is ${duration(with_us)} with ${values(explains, 1)}, and ${duration(without_us)} ${without2}`;
    }
    return times2 ? `${duration(times2.now_us)} per trace, ${duration(times2.before_us)} in the baseline` : "";
  }
  function values(found, also = found.also.length) {
    return [found, ...found.also.slice(0, also)].map(({ key, value }) => `${key}=${value}`).join(", ");
  }
  function asInBaseline(suspect) {
    return ["repeated", "more_often", "new"].includes(suspect.kind) ? "without the added calls" : `if ${suspect.service} were as fast as in the baseline`;
  }
  function blamed(suspect) {
    return suspect.or_service === null ? suspect.service : `between ${suspect.or_service} and ${suspect.service}`;
  }
  var MEANING = {
    own: { word: "own work", means: "time in the service's own work" },
    edge: { word: "way to it", means: "time between caller and service: network, connection pool, accept queue" },
    leaf: { word: "call", means: "time of a call whose callee sends no spans, such as a database" },
    queue: { word: "queue", means: "time between accepting a request and starting work on it" },
    missing: { word: "missing", means: "the operation ends without calls that it made in the baseline" },
    error: { word: "fails", means: "the operation fails, and nothing that it calls fails" },
    repeated: { word: "repeated", means: "one request repeats the same call: retries, or N+1" },
    more_often: { word: "more often", means: "more requests make this call than in the baseline" },
    new: { word: "new", means: "requests make a call that the baseline does not have" }
  };
  function change({ times: times2, rates }) {
    if (times2) return { before: duration(times2.before_us), now: duration(times2.now_us) };
    return rates && { before: before(rates), now: now(rates) };
  }
  function numbers2(spans, part3) {
    return spans.of === 0 ? `${percent(part3)} of the` : `${percent(part3)} of ${count(spans.of)}`;
  }
  function wholePercent(part3) {
    return `${(part3 * 100).toFixed(0)}%`;
  }
  function share2(part3) {
    return part3 >= ALL ? "all" : percent(part3);
  }
  function now({ now: now2 }) {
    return percent(part2(now2));
  }
  function before({ before: before2 }) {
    return percent(part2(before2));
  }
  function part2({ count: count2, of }) {
    return of === 0 ? 0 : count2 / of;
  }

  // src/screens/why/basis.tsx
  function Basis({ why }) {
    const slower2 = why.slowdown_us;
    return /* @__PURE__ */ a3("section", { class: "section why-basis", children: [
      /* @__PURE__ */ a3("h2", { children: "How this is known" }),
      /* @__PURE__ */ a3("ul", { class: "why-known", children: [
        /* @__PURE__ */ a3("li", { children: [
          "Compared ",
          counted(why.traces, "trace"),
          " with ",
          counted(why.baseline_traces, "trace"),
          " of the baseline",
          slower2 !== 0 && /* @__PURE__ */ a3($, { children: [
            ": ",
            duration(Math.abs(slower2)),
            " ",
            slower2 > 0 ? "slower" : "faster",
            " (mean of P50, P75 and P90)"
          ] }),
          ".",
          why.cut && " More traces match; these are a sample of the whole time range."
        ] }),
        /* @__PURE__ */ a3("li", { children: sentence(why.reason) }),
        why.traces > 0 && /* @__PURE__ */ a3("li", { children: [
          wholePercent(why.completeness),
          " of the window's traces have every parent span."
        ] }),
        /* @__PURE__ */ a3("li", { children: why.clocks_adjusted === 0 ? "Clocks disagreed by a millisecond or more in no trace." : `In ${counted(why.clocks_adjusted, "trace")}, server spans lay outside their calls and were moved into them: host clocks differ, or work went on after the call.` }),
        (why.sampled ?? []).map((sampled) => /* @__PURE__ */ a3("li", { children: [
          "Agent ",
          sampled.agent_id,
          " records ",
          recorded(sampled),
          " of the traces of ",
          sampled.services.join(", "),
          ": numbers of traces are those of recorded ones."
        ] }, sampled.agent_id))
      ] }),
      /* @__PURE__ */ a3(Gaps, { coverage: why.coverage })
    ] });
  }
  function recorded({ least_ratio: least, most_ratio: most }) {
    if (least === null || most === null) return "an unknown share";
    return least === most ? wholePercent(least) : `${wholePercent(least)} to ${wholePercent(most)}`;
  }

  // src/screens/why/bar.tsx
  function Bar2(props) {
    const width = `${(Math.min(1, Math.max(0, props.part)) * 100).toFixed(2)}%`;
    return /* @__PURE__ */ a3("span", { class: `why-bar why-bar-${props.tone}`, style: { width }, "aria-hidden": "true" });
  }

  // src/screens/why/beside.tsx
  var MOST8 = 3;
  var LEAST2 = 0.02;
  function Beside({ trace }) {
    const compared2 = useAnswer("compare", { a: trace });
    if (compared2.answer === null || compared2.error !== null || compared2.answer.b.traces === 0) return null;
    return /* @__PURE__ */ a3("div", { class: compared2.isCurrent ? void 0 : "answer-old", children: /* @__PURE__ */ a3(Sides2, { of: compared2.answer, trace }) });
  }
  function Sides2({ of: { a: a4, b: b2, rows, delta_us }, trace }) {
    const most = Math.max(1, a4.duration_p50_us, b2.duration_p50_us);
    const where = rows.filter((row) => (row.share ?? 0) >= LEAST2).sort((one, other) => (other.share ?? 0) - (one.share ?? 0)).slice(0, MOST8);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("dl", { class: "why-parts why-beside", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: /* @__PURE__ */ a3("span", { class: "mono", children: trace.slice(0, 8) }) }),
          /* @__PURE__ */ a3("dd", { class: "number", children: duration(a4.duration_p50_us) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: a4.duration_p50_us / most, tone: "now" }) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: [
            count(b2.traces),
            " healthy"
          ] }),
          /* @__PURE__ */ a3("dd", { class: "number", children: duration(b2.duration_p50_us) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: b2.duration_p50_us / most, tone: "before" }) })
        ] })
      ] }),
      where.length > 0 && /* @__PURE__ */ a3("ul", { class: "why-where small", children: where.map((row) => {
        const { a: slow } = row;
        const name = /* @__PURE__ */ a3($, { children: [
          /* @__PURE__ */ a3("strong", { class: "isolate", children: row.service }),
          " ",
          /* @__PURE__ */ a3("span", { class: "isolate", children: row.name })
        ] });
        return /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("span", { children: slow === null ? name : /* @__PURE__ */ a3("a", { href: href("trace", { id: slow.example.trace_id, span: slow.example.span_id }), children: name }) }),
          /* @__PURE__ */ a3("span", { class: "soft", children: [
            wholePercent(Math.min(1, row.share ?? 0)),
            " of the ",
            difference(delta_us)
          ] })
        ] }, `${row.depth} ${row.service} ${row.name} ${row.kind}`);
      }) })
    ] });
  }

  // src/screens/why/evidence.tsx
  function Evidence({ cause, about: about2, chosen }) {
    const { evidence } = cause;
    const within = (place) => Math.min(Math.max(1, Number.isInteger(place) ? place : 1), Math.max(1, evidence.length));
    const at = within(chosen);
    const move = (by) => {
      const next = within(within(Number(read().params.get("evidence") ?? 1)) + by);
      amend({ evidence: next === 1 ? null : next }, "replace");
      document.querySelector(`[data-evidence="${next}"] a`)?.scrollIntoView({ block: "nearest" });
    };
    const seen = evidence[at - 1];
    useKeys("Why", [
      { keys: "n", does: "next trace that shows the cause", run: () => move(1) },
      { keys: "N", does: "the trace before", run: () => move(-1) },
      { keys: "j", does: "next trace that shows the cause", run: () => move(1) },
      { keys: "k", does: "the trace before", run: () => move(-1) },
      { keys: "Enter", does: "open the trace at the span that shows the cause", run: () => {
        if (seen) go(href("trace", { id: seen.trace_id, span: seen.span_id }));
      } },
      { keys: "c", does: "compare the trace with healthy ones", run: () => {
        if (seen) go(href("compare", { a: seen.trace_id }));
      } }
    ]);
    return /* @__PURE__ */ a3("section", { class: "section why-evidence", children: [
      /* @__PURE__ */ a3("h2", { children: [
        "See it in ",
        evidence.length === 1 ? "this trace" : "these traces"
      ] }),
      seen === void 0 ? /* @__PURE__ */ a3("p", { class: "soft", children: "No stored trace shows it." }) : /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("p", { class: "actions", children: [
          /* @__PURE__ */ a3("a", { class: "button button-first", href: href("compare", { a: seen.trace_id }), children: "Compare with healthy traces" }),
          /* @__PURE__ */ a3("a", { class: "button", href: href("trace", { id: seen.trace_id, span: seen.span_id }), children: "Open the trace" })
        ] }),
        /* @__PURE__ */ a3(Beside, { trace: seen.trace_id })
      ] }),
      /* @__PURE__ */ a3("ol", { class: "why-traces", children: evidence.map((seen2, index) => /* @__PURE__ */ a3("li", { "data-evidence": index + 1, "aria-current": index + 1 === at ? "true" : void 0, children: [
        /* @__PURE__ */ a3("a", { class: "mono why-open", href: href("trace", { id: seen2.trace_id, span: seen2.span_id }), children: seen2.trace_id.slice(0, 8) }),
        /* @__PURE__ */ a3("span", { class: "soft small", children: [
          "at span ",
          /* @__PURE__ */ a3("span", { class: "mono", children: seen2.span_id.slice(0, 8) })
        ] }),
        /* @__PURE__ */ a3("a", { class: "why-open small", href: href("compare", { a: seen2.trace_id }), "aria-label": `Compare ${seen2.trace_id.slice(0, 8)} with healthy traces`, children: "compare" }),
        about2.trace !== seen2.trace_id && /* @__PURE__ */ a3("a", { class: "why-open small", href: href("why", { trace: seen2.trace_id }), "aria-label": `Why was ${seen2.trace_id.slice(0, 8)} slow`, children: "why" })
      ] }, `${seen2.trace_id} ${seen2.span_id}`)) })
    ] });
  }

  // src/screens/why/further.tsx
  function FurtherCauses({ causes }) {
    if (causes.length === 0) return null;
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: causes.length === 1 ? "Another cause" : "Further causes" }),
      /* @__PURE__ */ a3("ul", { class: "why-further", children: causes.map((cause) => {
        const differs2 = difference2(cause, []);
        const seen = cause.evidence[0];
        return /* @__PURE__ */ a3("li", { class: "card", children: [
          /* @__PURE__ */ a3("p", { children: [
            /* @__PURE__ */ a3("strong", { class: "isolate", children: blamed(cause) }),
            " ",
            suspicion(cause),
            " ",
            /* @__PURE__ */ a3("code", { children: cause.component })
          ] }),
          differs2 !== "" && /* @__PURE__ */ a3("p", { class: "soft", children: sentence(differs2) }),
          seen && /* @__PURE__ */ a3("p", { class: "actions", children: [
            /* @__PURE__ */ a3("a", { href: href("compare", { a: seen.trace_id }), children: "Compare with healthy traces" }),
            " ",
            /* @__PURE__ */ a3("a", { href: href("trace", { id: seen.trace_id, span: seen.span_id }), children: "Open a trace" })
          ] })
        ] }, `${cause.service} ${cause.component}`);
      }) })
    ] });
  }

  // src/screens/why/ranking.tsx
  var FIRST = 5;
  var MOST9 = 60;
  function Ranking({ why, isCause, all }) {
    if (why.ranking.length === 0) return null;
    const shown2 = why.ranking.slice(0, all ? MOST9 : FIRST);
    const hidden = why.ranking.slice(shown2.length);
    const rest = hidden.reduce((sum, suspect) => sum + suspect.share, 0) + why.unattributed;
    const kinds = [...new Set(shown2.map((suspect) => suspect.kind))];
    return /* @__PURE__ */ a3("section", { class: isCause ? "section why-ranking" : "why-ranking", children: [
      isCause && /* @__PURE__ */ a3("h2", { children: "Suspects" }),
      /* @__PURE__ */ a3("table", { children: [
        /* @__PURE__ */ a3("thead", { children: /* @__PURE__ */ a3("tr", { children: [
          /* @__PURE__ */ a3("th", { scope: "col", children: "Suspect" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Share of the added time" }),
          /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Score" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Kind" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Where" }),
          /* @__PURE__ */ a3("th", { scope: "col", children: "Before → now" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: [
          shown2.map((suspect, at) => /* @__PURE__ */ a3(Row6, { suspect, isCause: isCause && at === 0 }, `${suspect.service} ${suspect.component}`)),
          rest >= 5e-3 && /* @__PURE__ */ a3("tr", { class: "why-rest", children: [
            /* @__PURE__ */ a3("th", { scope: "row", class: "soft", children: "others, and time of no suspect" }),
            /* @__PURE__ */ a3("td", { "data-label": "Share of the added time", children: /* @__PURE__ */ a3(Share2, { part: rest, tone: "before" }) }),
            /* @__PURE__ */ a3("td", { colSpan: 4 })
          ] })
        ] })
      ] }),
      why.ranking.length > FIRST && /* @__PURE__ */ a3("p", { children: /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ all: all ? null : true }, "replace"), children: all ? "Show fewer" : `Show ${counted(hidden.length, "more suspect")}` }) }),
      /* @__PURE__ */ a3("details", { class: "small soft why-legend", children: [
        /* @__PURE__ */ a3("summary", { children: "What these words mean" }),
        /* @__PURE__ */ a3("dl", { children: [
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Added time" }),
            /* @__PURE__ */ a3("dd", { children: "all time that components took beyond the baseline; a suspect has a share of it" })
          ] }),
          /* @__PURE__ */ a3("div", { children: [
            /* @__PURE__ */ a3("dt", { children: "Score" }),
            /* @__PURE__ */ a3("dd", { children: "how many times slower, as a logarithm, weighted by the share; failing, missing, new and repeated calls add to it" })
          ] }),
          kinds.map((kind) => /* @__PURE__ */ a3(Meaning, { kind }, kind))
        ] })
      ] })
    ] });
  }
  function Meaning({ kind }) {
    return /* @__PURE__ */ a3("div", { children: [
      /* @__PURE__ */ a3("dt", { children: MEANING[kind].word }),
      /* @__PURE__ */ a3("dd", { children: MEANING[kind].means })
    ] });
  }
  function Row6({ suspect, isCause }) {
    const changed = change(suspect);
    return /* @__PURE__ */ a3("tr", { class: isCause ? "why-cause-row" : void 0, children: [
      /* @__PURE__ */ a3("th", { scope: "row", children: [
        isCause && /* @__PURE__ */ a3("span", { class: "tone-bad", "aria-hidden": "true", children: "✕ " }),
        blamed(suspect),
        isCause && /* @__PURE__ */ a3("span", { class: "unseen", children: " (the cause)" })
      ] }),
      /* @__PURE__ */ a3("td", { "data-label": "Share of the added time", children: /* @__PURE__ */ a3(Share2, { part: suspect.share, tone: "share" }) }),
      /* @__PURE__ */ a3("td", { "data-label": "Score", class: "number", children: suspect.score.toFixed(2) }),
      /* @__PURE__ */ a3("td", { "data-label": "Kind", children: /* @__PURE__ */ a3("span", { title: MEANING[suspect.kind].means, children: MEANING[suspect.kind].word }) }),
      /* @__PURE__ */ a3("td", { "data-label": "Where", children: /* @__PURE__ */ a3("code", { children: suspect.component }) }),
      /* @__PURE__ */ a3("td", { "data-label": "Before → now", class: "why-change", children: changed === null ? "–" : /* @__PURE__ */ a3($, { children: [
        changed.before,
        " → ",
        changed.now
      ] }) })
    ] });
  }
  function Share2({ part: part3, tone }) {
    return /* @__PURE__ */ a3("span", { class: "why-share", children: [
      /* @__PURE__ */ a3("span", { class: "number", children: wholePercent(part3) }),
      /* @__PURE__ */ a3("span", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: part3, tone }) })
    ] });
  }

  // src/screens/why/no-cause.tsx
  function NoCause(props) {
    const { why, all } = props;
    const isUnknown = why.traces === 0 && why.baseline_traces === 0 && why.other_routes.length === 0 && why.service !== "" && why.trace_id === null;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("section", { class: "card why-verdict why-none", "aria-label": "The answer", children: [
        /* @__PURE__ */ a3("p", { class: "why-mark", children: why.verdict === "no_cause" ? /* @__PURE__ */ a3(Mark, { mark: "✓", tone: "soft", word: "No cause" }) : /* @__PURE__ */ a3(Mark, { mark: "?", tone: "warn", word: isUnknown ? "Unknown service" : "Not enough evidence" }) }),
        /* @__PURE__ */ a3("p", { class: "why-sentence", children: isUnknown ? /* @__PURE__ */ a3($, { children: [
          "No trace of this time has a span of ",
          /* @__PURE__ */ a3("strong", { class: "isolate", children: why.service }),
          "."
        ] }) : sentence(why.reason) })
      ] }),
      /* @__PURE__ */ a3("section", { class: "section", children: [
        /* @__PURE__ */ a3("h2", { children: "What would help" }),
        /* @__PURE__ */ a3("ul", { class: "why-help", children: /* @__PURE__ */ a3(Help3, { ...props }) })
      ] }),
      why.ranking.length > 0 && /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("h2", { class: "why-line", children: "Not above chance" }),
        /* @__PURE__ */ a3("p", { class: "soft small", children: "Below is how times and calls differ from the baseline. It is not evidence of a cause." }),
        /* @__PURE__ */ a3(Ranking, { why, isCause: false, all })
      ] }),
      (why.traces > 0 || why.baseline_traces > 0) && /* @__PURE__ */ a3(Basis, { why })
    ] });
  }
  function Help3({ why, about: about2, window }) {
    const times2 = useTimes();
    const longerWindow = about2.trace === null && window.isRelative ? longer(window.ask.since, LENGTHS.map((length) => length.since)) : null;
    const longerBaseline = longer(about2.baseline ?? DEFAULT_BASELINE, BASELINES.map((baseline) => baseline.length));
    const kind = why.because.kind;
    const lacksBaseline = kind === "no_baseline_traces" || kind === "too_few_baseline_traces";
    return /* @__PURE__ */ a3($, { children: [
      why.did_you_mean.map((name) => /* @__PURE__ */ a3("li", { children: [
        "Did you mean ",
        /* @__PURE__ */ a3("a", { href: href("why", same(about2, { service: name })), children: name }),
        "?"
      ] }, name)),
      why.other_routes.length > 0 && /* @__PURE__ */ a3("li", { children: [
        why.service === "" ? "No trace in this window has" : /* @__PURE__ */ a3($, { children: [
          why.service,
          " has traces in this window, but none with"
        ] }),
        " ",
        /* @__PURE__ */ a3("code", { children: why.route }),
        ". Its routes are",
        " ",
        why.other_routes.map((route, at) => /* @__PURE__ */ a3("span", { children: [
          at > 0 && ", ",
          /* @__PURE__ */ a3("a", { href: href("why", same(about2, { route })), children: /* @__PURE__ */ a3("code", { children: route }) })
        ] }, route)),
        "."
      ] }),
      why.stored_since_unix_us !== null && /* @__PURE__ */ a3("li", { children: [
        "Coral has stored spans only since ",
        times2.short(why.stored_since_unix_us),
        " (",
        ago(why.stored_since_unix_us),
        "); the baseline would begin earlier. A shorter window moves traces into the baseline."
      ] }),
      lacksBaseline && about2.trace === null && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about2, { since: "5m", baseline: about2.baseline ?? DEFAULT_BASELINE })), children: "Look at the last 5 minutes only" }),
        ": traces before that move into the baseline."
      ] }),
      longerBaseline !== null && kind !== "no_traces" && kind !== "torn_traces" && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about2, { baseline: longerBaseline })), children: [
          "Compare with ",
          baselineWords(longerBaseline),
          " before"
        ] }),
        ": a longer baseline."
      ] }),
      longerWindow !== null && !lacksBaseline && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about2, { since: longerWindow })), children: [
          "Look at the ",
          LENGTHS.find((length) => length.since === longerWindow)?.label
        ] }),
        ": a longer window has more traces."
      ] }),
      kind === "torn_traces" && /* @__PURE__ */ a3("li", { children: [
        "Spans are missing: ",
        /* @__PURE__ */ a3("a", { href: href("status"), children: "Status" }),
        " says which agents are behind, and ",
        /* @__PURE__ */ a3("code", { children: "coral doctor traces" }),
        " names the cause."
      ] }),
      about2.service !== null && about2.trace === null && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", { baseline: about2.baseline }), children: "Explain everything" }),
        ", not only ",
        about2.service,
        ": the cause may be elsewhere."
      ] }),
      about2.service !== null && about2.trace === null ? /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("traces", { q: equals("service", about2.service), sort: "slowest" }), children: [
          "The slowest traces of ",
          about2.service
        ] }),
        " say why each of them was slow."
      ] }) : /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("traces", { sort: "slowest" }), children: "The slowest traces" }),
        " say why each of them was slow."
      ] }),
      /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("map", { diff: about2.baseline ?? DEFAULT_BASELINE }), children: "The map" }),
        " shows what was added, removed or slowed down."
      ] })
    ] });
  }

  // src/screens/why/pickers.tsx
  function Pickers({ about: about2, isReady }) {
    const { since, until } = about2.ask;
    const when = { since: since ?? "15m", until: until ?? "now", baseline: DEFAULT_BASELINE };
    const all = useAnswer("services", isReady && about2.trace === null ? when : null);
    const one = useAnswer("services", isReady && about2.trace === null && about2.service !== null ? { ...when, service: about2.service } : null);
    const services = all.answer?.services.map((service) => service.name) ?? [];
    const routes = one.isCurrent ? one.answer?.detail?.operations.map((operation2) => operation2.name) ?? [] : [];
    return /* @__PURE__ */ a3("div", { class: "why-pickers", children: [
      about2.trace === null ? /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Choice, { label: "Service", value: about2.service ?? "", all: "everything", options: services, choose: (service) => amend({ service, route: null, all: null, evidence: null }) }),
        about2.service !== null && /* @__PURE__ */ a3(Choice, { label: "Route", value: about2.route ?? "", all: "all routes", options: routes, choose: (route) => amend({ route, all: null, evidence: null }) })
      ] }) : /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ trace: null, evidence: null, all: null }), children: "Explain the whole window" }),
      /* @__PURE__ */ a3("label", { class: "why-picker", children: [
        /* @__PURE__ */ a3("span", { children: "Against" }),
        /* @__PURE__ */ a3("select", { value: about2.baseline ?? "", onChange: (event) => amend({ baseline: event.currentTarget.value, all: null, evidence: null }), children: [
          /* @__PURE__ */ a3("option", { value: "", children: about2.trace === null ? "the hour before the change" : "the hour before the trace" }),
          BASELINES.map(({ length, label }) => /* @__PURE__ */ a3("option", { value: length, children: label }, length)),
          about2.baseline !== null && !BASELINES.some(({ length }) => length === about2.baseline) && /* @__PURE__ */ a3("option", { value: about2.baseline, children: [
            about2.baseline,
            " before"
          ] })
        ] })
      ] })
    ] });
  }
  function Choice(props) {
    const { value, options } = props;
    const known = value === "" || options.includes(value) ? options : [value, ...options];
    return /* @__PURE__ */ a3("label", { class: "why-picker", children: [
      /* @__PURE__ */ a3("span", { children: props.label }),
      /* @__PURE__ */ a3("select", { value, onChange: (event) => props.choose(event.currentTarget.value), children: [
        /* @__PURE__ */ a3("option", { value: "", children: props.all }),
        known.map((option) => /* @__PURE__ */ a3("option", { value: option, children: option }, option))
      ] })
    ] });
  }

  // src/screens/why/standouts.tsx
  function Standouts({ why, cause }) {
    const affected = cause.kind === "error" ? "failing" : "slow";
    return /* @__PURE__ */ a3("section", { class: "section why-standouts", children: [
      /* @__PURE__ */ a3("h2", { children: [
        "What stands out in its ",
        affected,
        " spans"
      ] }),
      why.standouts.length === 0 ? /* @__PURE__ */ a3("p", { class: "soft", children: [
        "Nothing: no host, version or other value sets the ",
        affected,
        " spans apart from the others."
      ] }) : /* @__PURE__ */ a3("ul", { children: why.standouts.map((found) => /* @__PURE__ */ a3(Standout, { found, affected, service: cause.service }, `${found.key} ${found.value}`)) })
    ] });
  }
  function Standout({ found, affected, service }) {
    const pairs2 = [found, ...found.also];
    return /* @__PURE__ */ a3("li", { class: "why-standout", children: [
      /* @__PURE__ */ a3("p", { class: "why-pairs", children: [
        pairs2.map(({ key, value }) => /* @__PURE__ */ a3("code", { children: [
          key,
          "=",
          /* @__PURE__ */ a3("strong", { children: value })
        ] }, key)),
        found.explains && /* @__PURE__ */ a3("span", { class: "why-badge", children: "explains the cause" })
      ] }),
      /* @__PURE__ */ a3("dl", { class: "why-parts", children: [
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: [
            affected,
            " spans"
          ] }),
          /* @__PURE__ */ a3("dd", { class: "number", children: numbers2(found.affected_spans, found.affected) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: found.affected, tone: "now" }) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "other spans" }),
          /* @__PURE__ */ a3("dd", { class: "number", children: numbers2(found.other_spans, found.others) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: found.others, tone: "before" }) })
        ] })
      ] }),
      /* @__PURE__ */ a3("p", { class: "small soft", children: [
        found.times !== null && /* @__PURE__ */ a3($, { children: [
          "P50 is ",
          duration(found.times.with_us),
          " with it and ",
          duration(found.times.without_us),
          " without. "
        ] }),
        /* @__PURE__ */ a3("a", { href: href("traces", { q: and(equals("service", service), equals(found.key, found.value)) }), children: "Traces that have it" })
      ] })
    ] });
  }

  // src/screens/why/verdict.tsx
  function Verdict2({ why, cause }) {
    const times2 = useTimes();
    const differs2 = difference2(cause, why.standouts);
    const share3 = why.slowdown_us > 0 && cause.kind !== "error" ? `${wholePercent(cause.share)} of the added time` : null;
    return /* @__PURE__ */ a3("section", { class: "card why-verdict", "aria-label": "The cause", children: [
      /* @__PURE__ */ a3("p", { class: "why-mark", children: /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "Cause" }) }),
      /* @__PURE__ */ a3("p", { class: "why-sentence", children: [
        /* @__PURE__ */ a3("strong", { class: "isolate", children: blamed(cause) }),
        " ",
        suspicion(cause),
        " ",
        /* @__PURE__ */ a3("code", { children: cause.component })
      ] }),
      differs2 !== "" && /* @__PURE__ */ a3("p", { class: "why-differs", children: sentence(differs2) }),
      /* @__PURE__ */ a3("p", { class: "why-facts soft", children: [
        share3 !== null && /* @__PURE__ */ a3("span", { children: share3 }),
        why.began_unix_us !== null && /* @__PURE__ */ a3("span", { children: [
          "since ",
          times2.short(why.began_unix_us),
          " (",
          ago(why.began_unix_us),
          ")"
        ] })
      ] }),
      /* @__PURE__ */ a3(Counterfactual, { why, cause })
    ] });
  }
  function Counterfactual({ why, cause }) {
    const { p95_us: now2, counterfactual_p95_us: without2 } = why;
    if (without2 >= now2 || duration(now2) === duration(without2)) return null;
    const isTrace = why.trace_id !== null;
    return /* @__PURE__ */ a3("dl", { class: "why-bars", children: [
      /* @__PURE__ */ a3("div", { children: [
        /* @__PURE__ */ a3("dt", { children: isTrace ? "This trace took" : "P95 now" }),
        /* @__PURE__ */ a3("dd", { class: "number", children: duration(now2) }),
        /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: 1, tone: "now" }) })
      ] }),
      /* @__PURE__ */ a3("div", { children: [
        /* @__PURE__ */ a3("dt", { children: [
          isTrace ? "It would take" : "P95 would be",
          " ",
          /* @__PURE__ */ a3("span", { class: "why-if", children: asInBaseline(cause) })
        ] }),
        /* @__PURE__ */ a3("dd", { class: "number", children: duration(without2) }),
        /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar2, { part: without2 / now2, tone: "before" }) })
      ] })
    ] });
  }

  // src/screens/why/why.tsx
  function WhyScreen({ address, window }) {
    const about2 = asking(address, window);
    const why = useAnswer("why", about2.ask);
    const answer = why.isCurrent ? why.answer : null;
    const all = address.params.get("all") === "true";
    const title = answer === null ? asked(about2.service, about2.route, about2.trace) : question(answer);
    useTitle(title);
    return /* @__PURE__ */ a3("div", { class: "why", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h1", { children: title }),
        /* @__PURE__ */ a3("p", { class: "why-windows soft", children: /* @__PURE__ */ a3(Windows, { about: about2, label: window.label, why: answer }) })
      ] }),
      /* @__PURE__ */ a3(Pickers, { about: about2, isReady: why.answer !== null || why.error !== null }),
      /* @__PURE__ */ a3(Answer, { of: why, what: "traces of the window and of the time before", children: (why2) => why2.verdict === "cause" && why2.ranking.length > 0 ? /* @__PURE__ */ a3(Cause3, { why: why2, about: about2, address, all }) : /* @__PURE__ */ a3(NoCause, { why: why2, about: about2, window, all }) }),
      why.error !== null && about2.trace !== null && /* @__PURE__ */ a3(NoTrace, { id: about2.trace }),
      /* @__PURE__ */ a3(Command, { text: about2.command })
    ] });
  }
  function NoTrace({ id }) {
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: "What would help" }),
      /* @__PURE__ */ a3("ul", { class: "why-help", children: [
        /* @__PURE__ */ a3("li", { children: [
          "The id may be mistyped, or the trace was not recorded, or it is older than what is kept: ",
          /* @__PURE__ */ a3("a", { href: href("trace", { id }), children: "look for the trace" }),
          "."
        ] }),
        /* @__PURE__ */ a3("li", { children: [
          /* @__PURE__ */ a3("a", { href: href("why"), children: "Explain the whole window" }),
          ", or ",
          /* @__PURE__ */ a3("a", { href: href("traces", { sort: "slowest" }), children: "choose one of the slowest traces" }),
          "."
        ] })
      ] })
    ] });
  }
  function Cause3({ why, about: about2, address, all }) {
    const cause = why.ranking[0];
    if (!cause) return null;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Verdict2, { why, cause }),
      /* @__PURE__ */ a3("div", { class: "why-columns", children: [
        /* @__PURE__ */ a3(Evidence, { cause, about: about2, chosen: Number(address.params.get("evidence") ?? 1) }),
        /* @__PURE__ */ a3(Standouts, { why, cause })
      ] }),
      /* @__PURE__ */ a3(FurtherCauses, { causes: why.further_causes }),
      /* @__PURE__ */ a3(Ranking, { why, isCause: true, all }),
      /* @__PURE__ */ a3(Basis, { why })
    ] });
  }
  function Windows({ about: about2, label, why }) {
    const times2 = useTimes();
    const baseline = baselineWords(about2.baseline ?? DEFAULT_BASELINE);
    if (about2.trace !== null) return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("a", { href: href("trace", { id: about2.trace }), children: "The trace" }),
      ", against ",
      baseline,
      " before it"
    ] });
    if (why?.began_unix_us) {
      const change2 = why.verdict === "cause" ? "the change" : "that time";
      return /* @__PURE__ */ a3($, { children: [
        "since ",
        times2.short(why.began_unix_us),
        ", against ",
        baseline,
        " before ",
        change2
      ] });
    }
    return /* @__PURE__ */ a3($, { children: [
      label,
      ", against ",
      baseline,
      " before"
    ] });
  }

  // src/main.tsx
  var SCREENS = {
    "": Home,
    traces: Traces,
    trace: TraceScreen,
    service: ServiceScreen,
    why: WhyScreen,
    map: MapScreen,
    compare: Compare,
    ask: Ask,
    sql: Sql,
    status: Status
  };
  var LIVE = ["", "service", "status"];
  var LIVE_MS = 1e4;
  function App() {
    const address = useAddress();
    const window = windowOf(address);
    const visitor = useVisitor();
    const [refreshed, setRefreshed] = d2({ count: 0, byPerson: true });
    const [live, setLive] = d2(stored("live") !== "off");
    const again = (byPerson) => setRefreshed(({ count: count2 }) => ({ count: count2 + 1, byPerson }));
    const refresh = b(() => again(true), []);
    const mayBeLive = window.isRelative && LIVE.includes(address.page);
    const isLive = live && mayBeLive;
    A2(() => {
      if (!isLive) return;
      const timer = setInterval(() => {
        if (!document.hidden) again(false);
      }, LIVE_MS);
      return () => clearInterval(timer);
    }, [isLive]);
    if (visitor === null) return null;
    if (visitor === "signed-out") return /* @__PURE__ */ a3(SignIn, {});
    const zone = address.params.get("tz") === "local" ? "local" : "utc";
    const Screen = address.page === null ? NoSuchPage : SCREENS[address.page];
    return /* @__PURE__ */ a3(VisitorContext.Provider, { value: visitor, children: /* @__PURE__ */ a3(ZoneContext.Provider, { value: zone, children: /* @__PURE__ */ a3(RefreshContext.Provider, { value: refreshed, children: /* @__PURE__ */ a3(
      Frame,
      {
        address,
        window,
        zone,
        person: personOf(visitor),
        live: mayBeLive ? live : null,
        refresh,
        setLive: (live2) => {
          store("live", live2 ? null : "off");
          setLive(live2);
        },
        children: /* @__PURE__ */ a3(Screen, { address, window })
      }
    ) }) }) });
  }
  showEverything();
  followLinks();
  listenToKeys();
  watchSession();
  addEventListener("coral:signed-out", forgetAnswers);
  var app = document.getElementById("app");
  if (app) Q(/* @__PURE__ */ a3(App, {}), app);
})();
