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
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    dispatchEvent(new Event("coral:address"));
  }
  function amend(params, how = "push") {
    const { page, params: now2 } = read();
    const to = link(page ?? "", { ...Object.fromEntries(now2), ...params });
    if (to !== link(page ?? "", Object.fromEntries(now2))) go(to, how);
  }
  function useAddress() {
    const [address, set] = d2(read);
    A2(() => {
      const changed = () => set(read());
      addEventListener("popstate", changed);
      addEventListener("coral:address", changed);
      return () => {
        removeEventListener("popstate", changed);
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
        const words2 = props;
        for (const word2 of WORDS) {
          const text = words2[word2];
          if (typeof text === "string") words2[word2] = visible(text);
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
    const zoneName = name.find((part2) => part2.type === "timeZoneName")?.value ?? "UTC";
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
      const flags = `--since ${from}${to === null ? "" : ` --until ${to}`}`;
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
      flags: isDefault ? "" : `--since ${since}`,
      explicitFlags: `--since ${since}`
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
    A2(() => {
      const layer = { title, keys };
      layers.push(layer);
      return () => {
        layers.splice(layers.indexOf(layer), 1);
      };
    });
  }
  function isTyping(target) {
    return target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));
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
          /* @__PURE__ */ a3("dt", { children: key.keys.split(" ").map((part2, at) => /* @__PURE__ */ a3("kbd", { children: NAMES[part2] ?? part2 }, at)) }),
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

  // src/frame/completions.tsx
  function useCompletions(_text, _at) {
    return { items: [], isOpen: false, active: void 0, keydown: () => null, close: () => {
    } };
  }
  function Completions(props) {
    if (!props.of.isOpen) return null;
    return null;
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
    const completions = useCompletions(text, at);
    const submit = (event) => {
      event.preventDefault();
      completions.close();
      input.current?.blur();
      go(destination(text.trim()));
    };
    const keydown = (event) => {
      const chosen = completions.keydown(event);
      if (chosen !== null) {
        setText(chosen.text);
        setAt(chosen.at);
      } else if (event.key === "Escape") {
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
      /* @__PURE__ */ a3(Completions, { of: completions, choose: (chosen) => {
        setText(chosen.text);
        setAt(chosen.at);
        input.current?.focus();
      } }),
      /* @__PURE__ */ a3("kbd", { class: "omnibox-key", "aria-hidden": "true", children: "/" })
    ] });
  }
  function destination(text) {
    const id = /^(?:[0-9a-f]{4,32})$/i.exec(text)?.[0];
    if (id !== void 0 && /\d/.test(id)) return href("trace", { id: id.toLowerCase() });
    if (isQuestion(text)) return href("ask", { q: text });
    return href("traces", { q: text });
  }
  function isQuestion(text) {
    return /\?\s*$/.test(text) || /^(why|what|which|who|how|is|are|show|list|did|does|when|where|any)\s/i.test(text) && !/[:=<>~]/.test(text);
  }

  // src/frame/session.ts
  var OWN = { "x-coral-csrf": "1" };
  function usePerson() {
    const [person, set] = d2(null);
    A2(() => {
      const ask2 = () => {
        void fetch("../api/v1/whoami", { headers: { accept: "application/json" } }).then(async (response) => {
          if (response.ok) set(await response.json());
          else if (response.status === 401) set("signed-out");
        }).catch(() => {
        });
      };
      const signedOut = () => set("signed-out");
      ask2();
      addEventListener("coral:signed-out", signedOut);
      addEventListener("coral:signed-in", ask2);
      return () => {
        removeEventListener("coral:signed-out", signedOut);
        removeEventListener("coral:signed-in", ask2);
      };
    }, []);
    return person;
  }
  async function signOut() {
    await fetch("../auth/logout", { method: "POST", headers: OWN }).catch(() => {
    });
    dispatchEvent(new Event("coral:signed-out"));
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
      const time2 = (name) => String(form.get(name) ?? "").trim();
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
    const [shown, setShown] = d2(theme);
    const turnTheme = () => {
      const next = shown === "system" ? "dark" : shown === "dark" ? "light" : "system";
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
          "coral"
        ] }),
        /* @__PURE__ */ a3("nav", { "aria-label": "Pages", children: LINKS.filter((link2) => !link2.needs || props.person === null || props.person.permissions.includes(link2.needs)).map((link2) => /* @__PURE__ */ a3("a", { href: href(link2.page), "aria-current": current === link2.page ? "page" : void 0, children: link2.title }, link2.page)) }),
        /* @__PURE__ */ a3(Omnibox, { address }),
        /* @__PURE__ */ a3("div", { class: "tools", children: [
          /* @__PURE__ */ a3(TimePicker, { window }),
          window.isRelative && /* @__PURE__ */ a3("button", { type: "button", class: "quiet live", "aria-pressed": props.live, onClick: () => props.setLive(!props.live), title: props.live ? "The page asks again by itself. Press to stop." : "Ask again by itself", children: "Live" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: turnZone, title: "Time zone", children: zone === "utc" ? "UTC" : "Local" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: copyLink, title: "Copy a link with fixed times", children: "Link" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: turnTheme, "aria-label": `Theme: ${shown}`, title: `Theme: ${shown}`, children: "◐" }),
          /* @__PURE__ */ a3("button", { type: "button", class: "quiet icon", onClick: () => setHelp(true), "aria-label": "Keys and search", title: "Keys and search", children: "?" }),
          props.person?.session === true && /* @__PURE__ */ a3("button", { type: "button", class: "quiet", onClick: () => void signOut(), title: `Signed in as ${props.person.name}`, children: "Sign out" })
        ] })
      ] }),
      props.person !== null && props.person.services.length > 0 && /* @__PURE__ */ a3("p", { class: "notice limited", children: [
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
  var RefreshContext = U(0);

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
  var waiting = [];
  function urlOf(question2, ask2) {
    let path = question2;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(ask2)) {
      if (value === void 0 || value === null || value === "" || value === false) continue;
      if (path.includes(`{${name}}`)) path = path.replace(`{${name}}`, encodeURIComponent(String(value)));
      else query.set(name, String(value));
    }
    const text = query.toString();
    return `../api/v1/${path}${text === "" ? "" : `?${text}`}`;
  }
  async function ask(question2, params, signal) {
    return await askUrl(urlOf(question2, params), { signal });
  }
  async function askUrl(url, init) {
    await turn(init.signal);
    try {
      const response = await fetch(url, { ...init, headers: { accept: "application/json", ...init.headers } }).catch((error2) => {
        if (init.signal.aborted) throw error2;
        throw new AskError(0, "the colony cannot be reached", "this page asks again by itself", url);
      });
      const text = await response.text();
      if (response.ok) return text === "" ? null : JSON.parse(text);
      const { error, hint } = readError(text);
      if (response.status === 401) dispatchEvent(new Event("coral:signed-out"));
      throw new AskError(response.status, error ?? `the colony answered with status ${response.status}`, hint, url);
    } finally {
      const next = waiting.shift();
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
      waiting.push(resolve);
      signal.addEventListener("abort", () => {
        const place = waiting.indexOf(resolve);
        if (place < 0) return;
        waiting.splice(place, 1);
        reject(signal.reason);
      });
    });
  }

  // src/answer.tsx
  var remembered = /* @__PURE__ */ new Map();
  var MAX_REMEMBERED = 12;
  var FIRST_RETRY_MS = 1e3;
  var LAST_RETRY_MS = 15e3;
  function remember(url, answer) {
    remembered.delete(url);
    remembered.set(url, { answer, at: Date.now() });
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MAX_REMEMBERED) break;
      remembered.delete(oldest);
    }
  }
  function useAnswer(question2, params) {
    const refresh = j2(RefreshContext);
    const [attempt, setAttempt] = d2(0);
    const [state, setState] = d2({
      url: null,
      answer: null,
      answeredAt: null,
      error: null,
      askedAt: null
    });
    const abort = T2(null);
    const url = params === null ? null : urlOf(question2, params);
    A2(() => {
      if (url === null || params === null) {
        setState({ url: null, answer: null, answeredAt: null, error: null, askedAt: null });
        return;
      }
      const controller = new AbortController();
      abort.current = controller;
      let retry2;
      let delay = FIRST_RETRY_MS;
      const known = remembered.get(url);
      setState((last) => ({
        ...last,
        ...known && last.url !== url ? { url, answer: known.answer, answeredAt: known.at } : {},
        error: null,
        askedAt: Date.now()
      }));
      const run = () => {
        ask(question2, params, controller.signal).then(
          (answer) => {
            if (controller.signal.aborted) return;
            remember(url, answer);
            setState({ url, answer, answeredAt: Date.now(), error: null, askedAt: null });
          },
          (error) => {
            if (controller.signal.aborted) return;
            const failed = error instanceof AskError ? error : new AskError(0, String(error), null, url);
            setState((last) => ({ ...last, error: failed, askedAt: null }));
            announce(failed.message);
            if (failed.status === 0 || failed.status === 503 || failed.status === 429) {
              retry2 = setTimeout(run, delay);
              delay = Math.min(delay * 2, LAST_RETRY_MS);
            }
          }
        );
      };
      run();
      return () => {
        clearTimeout(retry2);
        controller.abort();
      };
    }, [url, attempt, refresh]);
    const retry = b(() => setAttempt((attempt2) => attempt2 + 1), []);
    const cancel = b(() => {
      abort.current?.abort();
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
    return /* @__PURE__ */ a3("div", { class: "answer", "aria-busy": isLoading, children: [
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
      return /* @__PURE__ */ a3("p", { class: "waiting", role: "status", children: [
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
      if (answer?.ok) return void dispatchEvent(new Event("coral:signed-in"));
      const body = await answer?.json().catch(() => null);
      setError(body?.error ? `${sentence(body.error)} ${body.hint ? sentence(body.hint) : ""}` : "The colony cannot be reached.");
    };
    const next = `/ui/${location.pathname.split("/").at(-1) ?? ""}${location.search}`;
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
          /* @__PURE__ */ a3("code", { children: "coral token create" }),
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

  // src/screens/ask/ask.tsx
  function Ask(_props) {
    useTitle("Ask");
    return /* @__PURE__ */ a3("h1", { children: "Ask" });
  }

  // src/screens/compare/compare.tsx
  function Compare(_props) {
    useTitle("Compare");
    return /* @__PURE__ */ a3("h1", { children: "Compare" });
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
  function word(text) {
    return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  }

  // src/format/count.ts
  var GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  function count(number) {
    return GROUPED.format(number);
  }
  function counted(number, one, many = `${one}s`) {
    return `${count(number)} ${number === 1 ? one : many}`;
  }
  function percent(part2) {
    const value = part2 * 100;
    return value > 0 && value < 10 ? `${value.toFixed(1)}%` : `${value.toFixed(0)}%`;
  }
  function rate(rate2) {
    const value = rate2 * 100;
    if (value === 0) return "0%";
    if (value < 0.01) return "<0.01%";
    if (value < 1) return `${value.toFixed(2)}%`;
    return value < 100 ? `${value.toFixed(1)}%` : "100%";
  }
  function perSecond(rate2) {
    if (rate2 <= 0) return "0";
    if (rate2 >= 10) return count(Math.round(rate2));
    return rate2.toFixed(Math.min(9, Math.max(1, 1 - Math.floor(Math.log10(rate2)))));
  }

  // src/parts/gaps.tsx
  var WORDS2 = {
    unreachable: "could not be reached",
    returned: "was away and came back",
    joined: "joined",
    beyla_stopped: "had no running Beyla",
    sampling_changed: "changed the share of traces that it records"
  };
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
        WORDS2[gap.gap],
        gap.since_unix_us !== null && /* @__PURE__ */ a3($, { children: [
          ", ",
          times2.short(gap.since_unix_us)
        ] }),
        gap.until_unix_us !== null && /* @__PURE__ */ a3($, { children: [
          " – ",
          times2.short(gap.until_unix_us)
        ] }),
        gap.services.length > 0 && /* @__PURE__ */ a3($, { children: [
          ": ",
          gap.services.join(", "),
          gap.services_cut && " and more"
        ] }),
        gap.traces_affected > 0 && /* @__PURE__ */ a3($, { children: [
          " (",
          counted(gap.traces_affected, "trace"),
          " may lack spans)"
        ] })
      ] }, `${gap.agent_id} ${gap.gap} ${gap.since_unix_us}`)) })
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

  // src/parts/may.ts
  function useMay(permission) {
    const person = usePerson();
    return person === null || person === "signed-out" ? null : person.permissions.includes(permission);
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

  // src/parts/agent.ts
  var MAX_BEHIND_SECONDS = 60;
  var BROKEN_BEYLA = ["unavailable", "degraded", "crashloop"];
  var WORDS4 = {
    not_polled: "not polled yet",
    unreachable: "unreachable",
    refuses: "refuses to be polled",
    too_old: "runs a Coral that is too old",
    nonsense: "sends replies that are not an agent's",
    cannot_store: "its spans cannot be stored here"
  };
  function stateOf(agent) {
    if (agent.state !== "ok") {
      const isNew = agent.state === "not_polled";
      return { mark: isNew ? "?" : "✕", tone: isNew ? "soft" : "bad", word: WORDS4[agent.state] ?? agent.state.replaceAll("_", " "), reason: agent.last_error };
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

  // src/screens/home/pending.ts
  var POINTS = { points: 60 };

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
  function threeDigits(us) {
    const step = 10 ** Math.max(0, Math.floor(Math.log10(us)) - 2);
    return Math.round(us / step) * step;
  }
  function twoUnits(small, large, unit) {
    const rest = small % 60;
    return `${Math.floor(small / 60)}${large}${rest === 0 ? "" : ` ${rest}${unit}`}`;
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
    const { operation } = of;
    const part2 = operation === null ? `${rate(now2.error_rate)} of ${noun} fail${was(before2?.error_rate)}` : `${rate(operation.now.error_rate)} of ${operation.name} fail${was(operation.before?.error_rate)}`;
    const slow = of.is_slow_too ? of.requests.find((requests) => grew(requests, "p95_us") || grew(requests, "p50_us")) : void 0;
    return slow === void 0 ? part2 : `${part2}; and slow: ${slower(slow)}`;
  }
  function was(share2) {
    return share2 === void 0 ? "" : `, ${rate(share2)} before`;
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

  // src/parts/service.tsx
  var COLORS = 8;
  function serviceColor(name) {
    let hash = 2166136261;
    for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
    return (hash >>> 0) % COLORS + 1;
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

  // src/parts/sparkline.tsx
  function Sparkline(props) {
    const { values: values2 } = props;
    const WIDTH = 96;
    const HEIGHT = 22;
    const max = Math.max(props.max ?? 0, ...values2.map((value) => value ?? 0));
    const step = values2.length > 1 ? WIDTH / (values2.length - 1) : WIDTH;
    let path = "";
    let isOpen = false;
    values2.forEach((value, at) => {
      if (value === null) {
        isOpen = false;
        return;
      }
      const x2 = (at * step).toFixed(1);
      const y3 = (HEIGHT - 2 - (max > 0 ? value / max * (HEIGHT - 4) : 0)).toFixed(1);
      path += `${isOpen ? "L" : "M"}${x2} ${y3}`;
      isOpen = true;
    });
    return /* @__PURE__ */ a3("svg", { class: `sparkline sparkline-${props.tone ?? "plain"}`, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": props.says, preserveAspectRatio: "none", children: /* @__PURE__ */ a3("path", { d: path, "vector-effect": "non-scaling-stroke" }) });
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
    return /* @__PURE__ */ a3("section", { class: "section", children: [
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
    const shown = rows.slice(first2, first2 + PAGE);
    const heading = (sort, text, isNumber = false) => /* @__PURE__ */ a3("th", { class: isNumber ? "number" : void 0, "aria-sort": props.sort === sort ? isNumber ? "descending" : "ascending" : void 0, children: /* @__PURE__ */ a3("button", { type: "button", class: "sort", onClick: () => amend({ sort: sort === "health" ? null : sort, first: null }), children: [
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
          /* @__PURE__ */ a3("th", { class: "number", children: "Whole" }),
          /* @__PURE__ */ a3("th", { children: "Hosts" }),
          /* @__PURE__ */ a3("th", { class: "number", children: "Seen" })
        ] }) }),
        /* @__PURE__ */ a3("tbody", { children: shown.map((row) => /* @__PURE__ */ a3(Row, { of: row, cause: props.cause }, row.name)) })
      ] }) }),
      (rows.length > PAGE || props.leftOut > 0) && /* @__PURE__ */ a3("p", { class: "small actions", children: [
        /* @__PURE__ */ a3("span", { children: [
          first2 + 1,
          " to ",
          first2 + shown.length,
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
  var SICK = ["failing", "slow", "not_seen", "fewer_requests"];
  function Row({ of, cause }) {
    const { now: now2, series } = of;
    const isSick = SICK.includes(of.health);
    const hosts = of.hosts.values.slice(0, 2).join(", ") + (of.hosts.count > 2 ? ` and ${of.hosts.count - 2} more` : "");
    return /* @__PURE__ */ a3("tr", { class: isSick ? "sick" : void 0, children: [
      /* @__PURE__ */ a3("th", { scope: "row", children: /* @__PURE__ */ a3(Service, { name: of.name }) }),
      /* @__PURE__ */ a3("td", { class: "services-state", "data-label": "State", children: [
        /* @__PURE__ */ a3(State, { health: of.health }),
        " ",
        /* @__PURE__ */ a3("span", { class: "services-reason", children: reasonOf(of) }),
        /* @__PURE__ */ a3(CauseOf, { of, cause }),
        isSick && /* @__PURE__ */ a3("a", { class: "row-link small", href: href("why", { service: of.name }), "aria-label": `Why is ${of.name} not well`, children: "Why" })
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
      /* @__PURE__ */ a3("td", { class: "number", "data-label": "Whole", children: of.complete_ratio == null ? /* @__PURE__ */ a3("span", { class: "soft", title: "Not known", children: "–" }) : percent(of.complete_ratio) }),
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
      /* @__PURE__ */ a3(Answer, { of: props.of, what: props.title.toLowerCase(), children: (list) => list.traces.length === 0 ? /* @__PURE__ */ a3("p", { class: "soft", children: props.none }) : /* @__PURE__ */ a3("ol", { class: "traces-short", children: list.traces.map((trace) => /* @__PURE__ */ a3(Row2, { of: trace, slowest: list.traces[0]?.duration_us ?? 1 }, trace.trace_id)) }) })
    ] });
  }
  function Row2({ of }) {
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
          of.error_count === 1 ? "1 error" : `${of.error_count} errors`,
          " "
        ] }),
        because ?? /* @__PURE__ */ a3("span", { class: "soft", children: of.usual_us === null ? "no cause is known" : "no slower than usual" }),
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
      const part2 = (rate2) => percent(rate2.of > 0 ? rate2.count / rate2.of : 0);
      const of = kind === "error" ? "of its requests fail" : "of requests";
      return { before: part2(rates.before), now: part2(rates.now), of };
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
  function valueOf(found) {
    return [found, ...found.also].map(({ key, value }) => `${key}=${value}`).join(", ");
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
    const difference2 = differenceOf(suspect);
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
        known ? /* @__PURE__ */ a3("a", { href: href("service", { name: suspect.service }), children: suspect.service }) : suspect.service,
        " ",
        /* @__PURE__ */ a3("span", { children: [
          does(suspect),
          ":"
        ] }),
        " ",
        /* @__PURE__ */ a3("code", { children: operationOf(suspect) })
      ] }),
      /* @__PURE__ */ a3("dl", { class: "facts", children: [
        difference2 !== null && /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "Change" }),
          /* @__PURE__ */ a3("dd", { children: [
            /* @__PURE__ */ a3("span", { class: "soft", children: difference2.before }),
            " → ",
            /* @__PURE__ */ a3("strong", { children: difference2.now }),
            " ",
            difference2.of,
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
          /* @__PURE__ */ a3("dd", { children: /* @__PURE__ */ a3(Where, { why, hosts: asked2?.hosts, caller }) })
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
    const explains = props.why.standouts.find((found) => found.explains);
    const calledBy = props.caller === null ? null : /* @__PURE__ */ a3($, { children: [
      ", called by ",
      /* @__PURE__ */ a3("a", { href: href("service", { name: props.caller }), children: props.caller })
    ] });
    if (explains !== void 0) {
      return /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("strong", { children: valueOf(explains) }),
        ": ",
        percent(explains.affected),
        " of its affected spans, ",
        percent(explains.others),
        " of its others",
        calledBy
      ] });
    }
    const values2 = props.hosts?.values ?? [];
    if (props.hosts === void 0 || values2.length === 0) return /* @__PURE__ */ a3($, { children: [
      "no host or version stands out",
      calledBy
    ] });
    const shown = values2.slice(0, MAX_HOSTS);
    const more = props.hosts.count - shown.length;
    const names = `${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
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
  function headline(services) {
    if (services === null) return ["What is wrong", ""];
    const { verdict } = services;
    const many = /^([\d,]+ of [\d,]+ services (?:is|are) not well): ([\s\S]*)$/.exec(verdict);
    if (many?.[1] !== void 0 && many[2] !== void 0) return [many[1], many[2]];
    const sentence2 = /^(.+?[^.\d])[.:](?: ([\s\S]*))?$/.exec(verdict);
    return [sentence2?.[1] ?? verdict, sentence2?.[2] ?? ""];
  }
  function Wrong(props) {
    const { services, anomalies, why } = props;
    const cause = why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null;
    const isWell2 = services.answer !== null && anomalies.answer !== null && !props.hasChange;
    return /* @__PURE__ */ a3("section", { class: `home-wrong${isWell2 ? " home-well" : ""}`, "aria-label": "What is wrong", children: [
      /* @__PURE__ */ a3(Answer, { of: services, what: "services", children: (services2) => props.hasChange ? /* @__PURE__ */ a3(Cause, { of: why, services: services2, details: props.details }) : /* @__PURE__ */ a3(Well, { details: props.details, services: services2 }) }),
      /* @__PURE__ */ a3("div", { class: "home-changes", children: [
        /* @__PURE__ */ a3("h2", { children: cause === null ? "What changed" : "What else changed" }),
        /* @__PURE__ */ a3(Answer, { of: anomalies, what: "changes", children: (found) => /* @__PURE__ */ a3(Changes, { of: found, cause }) })
      ] })
    ] });
  }
  function Well(props) {
    return /* @__PURE__ */ a3("div", { class: "home-cause", children: [
      /* @__PURE__ */ a3("h2", { children: "Services" }),
      /* @__PURE__ */ a3("p", { children: props.details === "" ? "No service is slow, failing or missing, as far as what was stored shows." : props.details }),
      /* @__PURE__ */ a3("p", { class: "soft small", children: "Compared with the same numbers of the hour before." })
    ] });
  }
  function Changes(props) {
    const times2 = useTimes();
    const { of, cause } = props;
    const isCause = ({ service, component }) => cause !== null && service === cause.service && component === cause.component;
    const changes = of.anomalies.filter((change2) => !isCause(change2));
    const shown = changes.slice(0, MAX_CHANGES);
    const more = changes.length - shown.length + of.left_out;
    return /* @__PURE__ */ a3($, { children: [
      shown.length === 0 && /* @__PURE__ */ a3("p", { children: nothing(of, cause !== null) }),
      /* @__PURE__ */ a3("ul", { class: "changes", children: shown.map((change2) => /* @__PURE__ */ a3("li", { children: [
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
    const summary2 = of.summary ?? "nothing is otherwise than in the hour before";
    return `${summary2.slice(0, 1).toUpperCase()}${summary2.slice(1)}${/[.!?]$/.test(summary2) ? "" : "."}`;
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
  function Home({ address, window }) {
    const windows = { ...window.ask, baseline: "1h", find_beginning: window.isDefault };
    const services = useAnswer("services", { ...windows, ...POINTS });
    const anomalies = useAnswer("anomalies", windows);
    const found = anomalies.answer;
    const isSick = services.answer?.services.some(({ health }) => health !== "well" && health !== "unknown") === true;
    const hasChange = isSick || services.answer?.cause != null || (found?.anomalies.length ?? 0) > 0;
    const why = useAnswer("why", services.answer !== null && hasChange ? windows : null);
    const isReady = services.answer !== null || services.error !== null;
    const maySeeStatus = useMay("status.read");
    const status = useAnswer("status", isReady && maySeeStatus === true ? {} : null);
    const [title, details] = headline(services.answer);
    useTitle(title);
    useListKeys("Home", ".home a.row-link");
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
      /* @__PURE__ */ a3(Wrong, { services, anomalies: { ...anomalies, answer: found }, why, details, hasChange }),
      /* @__PURE__ */ a3(Gaps, { coverage: services.answer?.coverage }),
      /* @__PURE__ */ a3(ServicesSection, { of: services, address, cause: why.answer?.verdict === "cause" ? why.answer.ranking[0] ?? null : null, window }),
      isReady && /* @__PURE__ */ a3(TracesSection, { window }),
      maySeeStatus === true && /* @__PURE__ */ a3(AgentsSection, { of: status, untraced: services.answer?.untraced ?? [] }),
      /* @__PURE__ */ a3(Command, { text: ["coral services", window.flags].filter(Boolean).join(" ") })
    ] });
  }

  // src/screens/map/map.tsx
  function MapScreen(_props) {
    useTitle("Map");
    return /* @__PURE__ */ a3("h1", { children: "Map" });
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

  // src/screens/service/service.tsx
  function ServiceScreen(_props) {
    useTitle("Service");
    return /* @__PURE__ */ a3("h1", { children: "Service" });
  }

  // src/screens/sql/sql.tsx
  function Sql(_props) {
    useTitle("SQL");
    return /* @__PURE__ */ a3("h1", { children: "SQL" });
  }

  // src/screens/status/status.tsx
  function Status(_props) {
    useTitle("Status");
    return /* @__PURE__ */ a3("h1", { children: "Status" });
  }

  // src/screens/trace/trace.tsx
  function TraceScreen(_props) {
    useTitle("Trace");
    return /* @__PURE__ */ a3("h1", { children: "Trace" });
  }

  // src/search.ts
  var SIGNS = [":>=", ":<=", ":>", ":<", ">=", "<=", "!=", "!~", "=~", "==", ">", "<", "~", "=", ":"];
  var KEY_END = /[\s<>!~=:()"]/;
  function conditionsOf(search) {
    const words2 = topmost(search);
    const isOr = (word2) => word2.text === "OR";
    if (words2.some(isOr)) {
      const conditions = [];
      let first2 = null;
      let last = null;
      const end = () => {
        if (first2 && last) conditions.push({ text: search.slice(first2.from, last.to), from: first2.from, to: last.to });
        first2 = last = null;
      };
      for (const word2 of words2) {
        if (isOr(word2)) end();
        else {
          first2 ??= word2;
          last = word2;
        }
      }
      end();
      return { any: true, conditions };
    }
    return { any: false, conditions: words2.filter((word2) => word2.text !== "AND") };
  }
  function without(search, { any, conditions }, removed) {
    return conditions.filter((condition) => condition !== removed).map((condition) => search.slice(condition.from, condition.to)).join(any ? " OR " : " ");
  }
  function and(search, condition) {
    const { any, conditions } = conditionsOf(search);
    if (!any && conditions.some((one) => one.text === condition)) return search;
    return [group(search), condition].filter((part2) => part2 !== "").join(" ");
  }
  function group(search) {
    return conditionsOf(search).any ? `(${search.trim()})` : search.trim();
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
  var WORDS5 = {
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
    if (value === "*" && WORDS5[sign] === "is") return isNegated ? `no span has ${key}` : `has ${key}`;
    const said = `${key} ${WORDS5[sign] ?? sign} ${value === "" ? "empty" : value}`;
    return isNegated ? `no span: ${said}` : said;
  }
  function unquoted(text) {
    return text.startsWith('"') ? text.replace(/^"|(?<!\\)"$/g, "").replace(/\\(["\\])/g, "$1") : text;
  }
  function topmost(search) {
    const found = [];
    let at = 0;
    while (at < search.length) {
      if (/\s/.test(search[at] ?? "")) {
        at += 1;
        continue;
      }
      const from = at;
      for (; ; ) {
        const negation = /^(?:-\s*|NOT\s+)/.exec(search.slice(at))?.[0];
        if (negation === void 0) break;
        at += negation.length;
      }
      at = search[at] === "(" ? groupEnd(search, at) : conditionEnd(search, at);
      if (at === from) at += 1;
      found.push({ text: search.slice(from, at), from, to: at });
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

  // src/screens/traces/view.ts
  var PAGE_ROWS = 50;
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
  function command(view, window) {
    const { area, q: q2, sort, by, source } = view;
    const range = rangeOf(view, window);
    const isWindow = area.from === null && area.to === null;
    return [
      "coral query beyla traces",
      q2 === "" ? "" : word(q2),
      isWindow ? window.explicitFlags : `--since ${range.since}${range.until === "now" ? "" : ` --until ${range.until}`}`,
      area.min === null ? "" : `--min-duration ${exactDuration(area.min)}`,
      area.max === null ? "" : `--max-duration ${exactDuration(area.max)}`,
      by === "" ? "" : `--by ${word(by)}`,
      sort === "slowest" ? "--sort slowest" : "",
      source === void 0 ? "" : `--source ${source}`,
      `--limit ${PAGE_ROWS}`
    ].filter((part2) => part2 !== "").join(" ");
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
  function between(one, other) {
    return {
      left: Math.min(one.column, other.column),
      right: Math.max(one.column, other.column),
      bottom: Math.min(one.row, other.row),
      top: Math.max(one.row, other.row)
    };
  }
  function cellAt({ columns, rows }, x2, y3) {
    const inside = (share2, cells) => Math.min(cells - 1, Math.max(0, Math.floor(share2 * cells)));
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
    for (const steps of [[1, 2, 5], [1, 5], [1]]) {
      const ticks = [];
      for (let power = 1; power <= high; power *= 10) {
        for (const step of steps) if (step * power >= low && step * power <= high) ticks.push(step * power);
      }
      if (ticks.length <= most || steps.length === 1) return ticks;
    }
    return [];
  }
  var STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800];
  function timeTicks(map, most) {
    const length = map.until_unix_us - map.since_unix_us;
    const step = (STEPS_S.find((step2) => length / (step2 * 1e6) <= most) ?? 604800) * 1e6;
    const times2 = [];
    for (let time2 = Math.ceil(map.since_unix_us / step) * step; time2 < map.until_unix_us; time2 += step) times2.push(time2);
    return { step, times: times2 };
  }
  function summary(map, columns) {
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
        const part2 = { left, right, bottom: row, top: row };
        return { ...part2, ...sumOf(map, part2) };
      });
      if (cells.some((cell) => cell.traces > 0)) rows.push({ row, cells });
    }
    return { times: times2, rows };
  }

  // src/screens/traces/heatmap-table.tsx
  function HeatmapTable(props) {
    const { map } = props;
    const times2 = useTimes();
    const { times: groups, rows } = summary(map, 6);
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
    const ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const max = Math.max(1, ...map.counts);
    const cellWidth = width / map.columns;
    const cellHeight = height / map.rows;
    const gap = cellWidth > 5 ? 1 : 0.5;
    context.fillStyle = style.color;
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
    for (const [color, line] of [[style.backgroundColor, 4.5], [style.textDecorationColor, 2]]) {
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
    const { map, view } = props;
    const all = sumOf(map, allOf(map));
    return /* @__PURE__ */ a3("section", { class: "heatmap", "aria-labelledby": "heatmap-title", children: [
      /* @__PURE__ */ a3("div", { class: "heatmap-head", children: [
        /* @__PURE__ */ a3("h2", { id: "heatmap-title", children: "Duration over time" }),
        /* @__PURE__ */ a3("p", { class: "soft small heatmap-legend", children: [
          /* @__PURE__ */ a3("span", { class: "heatmap-scale", "aria-hidden": "true" }),
          " darker: more traces, up to ",
          count(Math.max(0, ...map.counts)),
          " in a square",
          /* @__PURE__ */ a3("span", { class: "tone-bad heatmap-cross", "aria-hidden": "true", children: "✕" }),
          " some failed"
        ] }),
        /* @__PURE__ */ a3("button", { type: "button", class: "quiet", "aria-pressed": view.isTable, onClick: () => amend({ heatmap: view.isTable ? null : "table" }), children: "As a table" })
      ] }),
      view.isTable ? /* @__PURE__ */ a3(HeatmapTable, { map }) : /* @__PURE__ */ a3(Picture, { map, area: view.area }),
      map.cut && /* @__PURE__ */ a3("p", { class: "small tone-warn", children: [
        "Not all traces were counted: the window has more than ",
        count(all.traces),
        "."
      ] }),
      /* @__PURE__ */ a3(Bounds, { map, view })
    ] });
  }
  function Picture(props) {
    const { map, area } = props;
    const times2 = useTimes();
    const canvas = T2(null);
    const [drag, setDrag] = d2(null);
    const [pointed, setPointed] = d2(null);
    A2(() => {
      const element = canvas.current;
      if (element === null) return;
      const draw = () => paint(element, map);
      const resized = new ResizeObserver(draw);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      resized.observe(element);
      addEventListener("coral:theme", draw);
      scheme.addEventListener("change", draw);
      return () => {
        resized.disconnect();
        removeEventListener("coral:theme", draw);
        scheme.removeEventListener("change", draw);
      };
    }, [map]);
    const at = (event) => {
      const box2 = event.currentTarget.getBoundingClientRect();
      return cellAt(map, (event.clientX - box2.left) / box2.width, (event.clientY - box2.top) / box2.height);
    };
    const choose = (event) => {
      if (drag === null) return;
      const cells2 = between(drag.from, at(event));
      setDrag(null);
      const isOne = cells2.left === cells2.right && cells2.bottom === cells2.top;
      if (isOne && sumOf(map, cells2).traces === 0) narrow(areaParams({ from: null, to: null, min: null, max: null }));
      else narrow(areaParams(areaOf(map, cells2)));
    };
    const cells = drag === null ? null : between(drag.from, drag.to);
    const chosen = cells ? rectangleOf(map, areaOf(map, cells)) : isNarrowed(area) ? rectangleOf(map, area) : null;
    const ticks = timeTicks(map, 6);
    const label = (time2) => ticks.step >= 864e8 ? times2.short(time2) : ticks.step >= 6e7 ? times2.minute(time2) : times2.precise(time2).slice(0, 8);
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
              else setPointed(between(to, to));
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
        /* @__PURE__ */ a3("div", { class: "heatmap-times", "aria-hidden": "true", children: ticks.times.map((time2) => /* @__PURE__ */ a3("span", { style: { left: `${(time2 - map.since_unix_us) / (map.until_unix_us - map.since_unix_us) * 100}%` }, children: label(time2) }, time2)) })
      ] }),
      /* @__PURE__ */ a3("p", { class: "heatmap-says soft small", "aria-hidden": "true", children: said ? /* @__PURE__ */ a3(Said, { map, cells: said }) : /* @__PURE__ */ a3($, { children: "Drag over an area to see only its traces." }) })
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
  var KEYS = ["service", "name", "code", "host.name", "service.version", "http.route", "http.request.method", "k8s.pod.name", "error.type"];
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
      /* @__PURE__ */ a3("datalist", { id: "by-keys", children: KEYS.map((key) => /* @__PURE__ */ a3("option", { value: key }, key)) }),
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
      /* @__PURE__ */ a3("div", { class: "table-scroll", tabIndex: 0, role: "region", "aria-labelledby": "groups-title", children: /* @__PURE__ */ a3("table", { class: "groups", children: [
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
    const { failure, root_cause: cause } = props.trace;
    if (failure === null && !cause) return null;
    return /* @__PURE__ */ a3($, { children: [
      cause && /* @__PURE__ */ a3("span", { class: "trace-reason", children: cause }),
      failure !== null && !(cause ?? "").includes(failure.service) && /* @__PURE__ */ a3("span", { class: "trace-reason", children: [
        /* @__PURE__ */ a3("span", { class: "tone-bad", children: "fails in" }),
        " ",
        failureText(failure)
      ] })
    ] });
  }
  function failureText(failure) {
    const { callee, host, operation, service, status_code: status, error_type: type, message } = failure;
    const error = status === 0 ? " without a response" : status !== null ? ` ${status}` : type ?? message ? `, ${type ?? message}` : "";
    const detail = message ?? failure.exception_message ?? failure.exception_type;
    const isNew = status !== null || type !== null || detail !== message;
    return `${service}${host === null ? "" : ` on ${host}`}${callee === null ? "" : ` → ${callee}`}: ${operation}${error}${detail !== null && isNew ? `: ${detail}` : ""}`;
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
        /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Failed spans" }),
        /* @__PURE__ */ a3("th", { scope: "col", class: "number", children: "Spans" }),
        /* @__PURE__ */ a3("th", { scope: "col", children: "Services" })
      ] }) }),
      /* @__PURE__ */ a3("tbody", { children: traces.map((trace) => /* @__PURE__ */ a3(Row3, { trace, longest, view }, trace.trace_id)) })
    ] });
  }
  function Row3(props) {
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
      /* @__PURE__ */ a3("td", { class: "traces-request", children: [
        trace.root_service === null ? /* @__PURE__ */ a3("span", { class: "tone-warn", children: "root not received" }) : /* @__PURE__ */ a3(Service, { name: trace.root_service }),
        /* @__PURE__ */ a3("a", { id: `trace-${trace.trace_id}`, class: "traces-link", href: href("trace", { id: trace.trace_id }), onKeyDown: keydown, onFocus: () => view.row !== trace.trace_id && amend({ row: trace.trace_id }, "replace"), children: trace.root_operation }),
        trace.status_code !== null && /* @__PURE__ */ a3("span", { class: trace.status_code >= 500 ? "tone-bad" : "soft", children: trace.status_code })
      ] }),
      /* @__PURE__ */ a3("td", { class: "traces-took", children: /* @__PURE__ */ a3(Took, { trace, longest: props.longest }) }),
      /* @__PURE__ */ a3("td", { class: "traces-why", children: /* @__PURE__ */ a3(TraceReason, { trace }) }),
      /* @__PURE__ */ a3("td", { class: "traces-errors number", children: trace.error_count > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
        "✕ ",
        count(trace.error_count),
        /* @__PURE__ */ a3("span", { class: "traces-unit", children: " failed" })
      ] }) : /* @__PURE__ */ a3("span", { class: "soft traces-none", children: "0" }) }),
      /* @__PURE__ */ a3("td", { class: "traces-spans number", children: [
        count(trace.span_count),
        /* @__PURE__ */ a3("span", { class: "traces-unit", children: " spans" })
      ] }),
      /* @__PURE__ */ a3("td", { class: "traces-services", title: trace.services.join(", "), children: /* @__PURE__ */ a3(ServiceNames, { names: trace.services, root: trace.root_service }) })
    ] });
  }
  function Took(props) {
    const { duration_us: us, usual_us: usual } = props.trace;
    const isSlow = usual !== null && us > usual;
    return /* @__PURE__ */ a3("div", { class: "took", children: [
      /* @__PURE__ */ a3("span", { class: "took-text", children: [
        /* @__PURE__ */ a3("strong", { children: duration(us) }),
        isSlow && /* @__PURE__ */ a3("span", { class: "soft", children: [
          " usual ",
          duration(usual)
        ] })
      ] }),
      /* @__PURE__ */ a3("span", { class: "took-bar", "aria-hidden": "true", children: [
        /* @__PURE__ */ a3("span", { class: `took-fill${isSlow ? " took-slow" : ""}`, style: { width: `${Math.max(0.5, us / props.longest * 100)}%` } }),
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
      limit: PAGE_ROWS
    });
    const columns = innerWidth < 640 ? FEW_COLUMNS : MANY_COLUMNS;
    const heatmap = useAnswer("heatmap", { q: view.q, ...window.ask, source: view.source, columns, rows: 20 });
    useKeys("Traces", [{ keys: "Escape", does: "out of the area", run: () => isNarrowed(view.area) && narrow({ min: null, max: null, area_from: null, area_to: null }) }]);
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("div", { class: "head traces-head", children: [
        /* @__PURE__ */ a3("h1", { children: "Traces" }),
        /* @__PURE__ */ a3(Sum, { map: heatmap.answer, label: window.label }),
        /* @__PURE__ */ a3(Choices, { view })
      ] }),
      /* @__PURE__ */ a3(Chips, { view }),
      /* @__PURE__ */ a3(Answer, { of: heatmap, what: "the durations", children: (map) => map.traces > 0 && /* @__PURE__ */ a3(HeatmapPart, { map, view }) }),
      /* @__PURE__ */ a3(AreaLine, { view, link: restLink(view, window) }),
      /* @__PURE__ */ a3(Answer, { of: list, what: "traces", children: (answer) => /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Gaps, { coverage: answer.coverage }),
        answer.groups !== null && /* @__PURE__ */ a3(GroupTable, { groups: answer.groups, view }),
        answer.traces.length === 0 ? /* @__PURE__ */ a3(Nothing, { list: answer, view, window }) : /* @__PURE__ */ a3(Page, { list: answer, view })
      ] }) }),
      /* @__PURE__ */ a3(Picked, { view }),
      /* @__PURE__ */ a3(Command, { text: command(view, window) })
    ] });
  }
  function Sum(props) {
    const { map } = props;
    if (map === null) return /* @__PURE__ */ a3("p", { class: "soft", children: props.label });
    const { errors } = sumOf(map, allOf(map));
    return /* @__PURE__ */ a3("p", { class: "soft", children: [
      map.cut && "more than ",
      counted(map.traces, "trace"),
      ", ",
      errors > 0 ? /* @__PURE__ */ a3("span", { class: "tone-bad", children: [
        "✕ ",
        count(errors),
        " with a failed span"
      ] }) : "none failed",
      ", ",
      props.label
    ] });
  }
  function Choices(props) {
    const { q: q2, sort } = props.view;
    const found = conditionsOf(q2);
    const failed = found.any ? void 0 : found.conditions.find((condition) => condition.text === FAILED);
    return /* @__PURE__ */ a3("div", { class: "actions traces-choices", children: [
      /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": failed !== void 0, onClick: () => narrow({ q: failed ? without(q2, found, failed) : and(q2, FAILED) }), children: "✕ Failed only" }),
      /* @__PURE__ */ a3("div", { class: "actions", role: "group", "aria-label": "Order", children: [
        /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": sort === "newest", onClick: () => narrow({ sort: null }), children: "Newest" }),
        /* @__PURE__ */ a3("button", { type: "button", "aria-pressed": sort === "slowest", onClick: () => narrow({ sort: "slowest" }), children: "Slowest" })
      ] }),
      /* @__PURE__ */ a3(GroupPicker, { view: props.view })
    ] });
  }
  function AreaLine(props) {
    const { view, link: link2 } = props;
    if (!isNarrowed(view.area)) return null;
    return /* @__PURE__ */ a3("p", { class: "area-line", children: [
      "Only the chosen area: ",
      durations(view.area),
      ".",
      " ",
      link2 !== null ? /* @__PURE__ */ a3("a", { class: "button button-first", href: link2, children: "Compare this area with the rest" }) : /* @__PURE__ */ a3("span", { class: "soft", children: "Choose less than the full height to compare it with the other traces of the same time." }),
      /* @__PURE__ */ a3("button", { type: "button", onClick: () => narrow({ min: null, max: null, area_from: null, area_to: null }), children: "Clear the area" })
    ] });
  }
  function Page(props) {
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
      command: [
        "coral why",
        service && word(service),
        route && `--route ${word(route)}`,
        trace ? `--trace-id ${word(trace)}` : window.flags,
        baseline && `--baseline ${word(baseline)}`
      ].filter(Boolean).join(" ")
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
  function difference(suspect, standouts) {
    const explains = standouts.find((found) => found.explains);
    const common = explains ? `, ${share(explains.affected)} of them with ${values(explains, 1)}` : "";
    const { rates, times: times2, kind } = suspect;
    if (rates && kind === "error") {
      const outcome = standouts.find((found) => !found.explains && found.affected >= MIN_OUTCOME);
      const ends = outcome ? `, ${share(outcome.affected)} with ${values(outcome, 1)}` : "";
      return `${now(rates)} of its requests fail (${before(rates)} in the baseline)${common}${ends}`;
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
  function numbers(spans, part2) {
    return spans.of === 0 ? `${percent(part2)} of the` : `${percent(part2)} of ${count(spans.of)}`;
  }
  function wholePercent(part2) {
    return `${(part2 * 100).toFixed(0)}%`;
  }
  function share(part2) {
    return part2 >= ALL ? "all" : percent(part2);
  }
  function now({ now: now2 }) {
    return percent(part(now2));
  }
  function before({ before: before2 }) {
    return percent(part(before2));
  }
  function part({ count: count2, of }) {
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
          sampled.least_ratio === null ? "an unknown share" : wholePercent(sampled.least_ratio),
          " of the traces of ",
          sampled.services.join(", "),
          "."
        ] }, sampled.agent_id))
      ] }),
      /* @__PURE__ */ a3(Gaps, { coverage: why.coverage })
    ] });
  }

  // src/screens/why/evidence.tsx
  function Evidence({ cause, about, chosen }) {
    const { evidence } = cause;
    const at = Math.min(Math.max(1, Number.isInteger(chosen) ? chosen : 1), Math.max(1, evidence.length));
    const move = (by) => {
      const next = Math.min(Math.max(1, at + by), evidence.length);
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
      seen === void 0 ? /* @__PURE__ */ a3("p", { class: "soft", children: "No stored trace shows it." }) : /* @__PURE__ */ a3("p", { class: "actions", children: [
        /* @__PURE__ */ a3("a", { class: "button button-first", href: href("compare", { a: seen.trace_id }), children: "Compare with healthy traces" }),
        /* @__PURE__ */ a3("a", { class: "button", href: href("trace", { id: seen.trace_id, span: seen.span_id }), children: "Open the trace" })
      ] }),
      /* @__PURE__ */ a3("ol", { class: "why-traces", children: evidence.map((seen2, index) => /* @__PURE__ */ a3("li", { "data-evidence": index + 1, "aria-current": index + 1 === at ? "true" : void 0, children: [
        /* @__PURE__ */ a3("a", { class: "mono why-open", href: href("trace", { id: seen2.trace_id, span: seen2.span_id }), children: seen2.trace_id.slice(0, 8) }),
        /* @__PURE__ */ a3("span", { class: "soft small", children: [
          "at span ",
          /* @__PURE__ */ a3("span", { class: "mono", children: seen2.span_id.slice(0, 8) })
        ] }),
        /* @__PURE__ */ a3("a", { class: "why-open small", href: href("compare", { a: seen2.trace_id }), "aria-label": `Compare ${seen2.trace_id.slice(0, 8)} with healthy traces`, children: "compare" }),
        about.trace !== seen2.trace_id && /* @__PURE__ */ a3("a", { class: "why-open small", href: href("why", { trace: seen2.trace_id }), "aria-label": `Why was ${seen2.trace_id.slice(0, 8)} slow`, children: "why" })
      ] }, `${seen2.trace_id} ${seen2.span_id}`)) })
    ] });
  }

  // src/screens/why/further.tsx
  function FurtherCauses({ causes }) {
    if (causes.length === 0) return null;
    return /* @__PURE__ */ a3("section", { class: "section", children: [
      /* @__PURE__ */ a3("h2", { children: causes.length === 1 ? "Another cause" : "Further causes" }),
      /* @__PURE__ */ a3("ul", { class: "why-further", children: causes.map((cause) => {
        const differs = difference(cause, []);
        const seen = cause.evidence[0];
        return /* @__PURE__ */ a3("li", { class: "card", children: [
          /* @__PURE__ */ a3("p", { children: [
            /* @__PURE__ */ a3("strong", { class: "isolate", children: blamed(cause) }),
            " ",
            suspicion(cause),
            " ",
            /* @__PURE__ */ a3("code", { children: cause.component })
          ] }),
          differs !== "" && /* @__PURE__ */ a3("p", { class: "soft", children: sentence(differs) }),
          seen && /* @__PURE__ */ a3("p", { class: "actions", children: [
            /* @__PURE__ */ a3("a", { href: href("compare", { a: seen.trace_id }), children: "Compare with healthy traces" }),
            " ",
            /* @__PURE__ */ a3("a", { href: href("trace", { id: seen.trace_id, span: seen.span_id }), children: "Open a trace" })
          ] })
        ] }, `${cause.service} ${cause.component}`);
      }) })
    ] });
  }

  // src/screens/why/bar.tsx
  function Bar(props) {
    const width = `${(Math.min(1, Math.max(0, props.part)) * 100).toFixed(2)}%`;
    return /* @__PURE__ */ a3("span", { class: `why-bar why-bar-${props.tone}`, style: { width }, "aria-hidden": "true" });
  }

  // src/screens/why/ranking.tsx
  var FIRST = 5;
  var MOST = 60;
  function Ranking({ why, isCause, all }) {
    if (why.ranking.length === 0) return null;
    const shown = why.ranking.slice(0, all ? MOST : FIRST);
    const hidden = why.ranking.slice(shown.length);
    const rest = hidden.reduce((sum, suspect) => sum + suspect.share, 0) + why.unattributed;
    const kinds = [...new Set(shown.map((suspect) => suspect.kind))];
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
          shown.map((suspect, at) => /* @__PURE__ */ a3(Row4, { suspect, isCause: isCause && at === 0 }, `${suspect.service} ${suspect.component}`)),
          rest >= 5e-3 && /* @__PURE__ */ a3("tr", { class: "why-rest", children: [
            /* @__PURE__ */ a3("th", { scope: "row", class: "soft", children: "others, and time of no suspect" }),
            /* @__PURE__ */ a3("td", { "data-label": "Share of the added time", children: /* @__PURE__ */ a3(Share, { part: rest, tone: "before" }) }),
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
  function Row4({ suspect, isCause }) {
    const changed = change(suspect);
    return /* @__PURE__ */ a3("tr", { class: isCause ? "why-cause-row" : void 0, children: [
      /* @__PURE__ */ a3("th", { scope: "row", children: [
        isCause && /* @__PURE__ */ a3("span", { class: "tone-bad", "aria-hidden": "true", children: "✕ " }),
        blamed(suspect),
        isCause && /* @__PURE__ */ a3("span", { class: "unseen", children: " (the cause)" })
      ] }),
      /* @__PURE__ */ a3("td", { "data-label": "Share of the added time", children: /* @__PURE__ */ a3(Share, { part: suspect.share, tone: "share" }) }),
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
  function Share({ part: part2, tone }) {
    return /* @__PURE__ */ a3("span", { class: "why-share", children: [
      /* @__PURE__ */ a3("span", { class: "number", children: wholePercent(part2) }),
      /* @__PURE__ */ a3("span", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar, { part: part2, tone }) })
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
        /* @__PURE__ */ a3("ul", { class: "why-help", children: /* @__PURE__ */ a3(Help2, { ...props }) })
      ] }),
      why.ranking.length > 0 && /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3("h2", { class: "why-line", children: "Not above chance" }),
        /* @__PURE__ */ a3("p", { class: "soft small", children: "Below is how times and calls differ from the baseline. It is not evidence of a cause." }),
        /* @__PURE__ */ a3(Ranking, { why, isCause: false, all })
      ] }),
      (why.traces > 0 || why.baseline_traces > 0) && /* @__PURE__ */ a3(Basis, { why })
    ] });
  }
  function Help2({ why, about, window }) {
    const times2 = useTimes();
    const longerWindow = about.trace === null && window.isRelative ? longer(window.ask.since, LENGTHS.map((length) => length.since)) : null;
    const longerBaseline = longer(about.baseline ?? DEFAULT_BASELINE, BASELINES.map((baseline) => baseline.length));
    const kind = why.because.kind;
    const lacksBaseline = kind === "no_baseline_traces" || kind === "too_few_baseline_traces";
    return /* @__PURE__ */ a3($, { children: [
      why.did_you_mean.map((name) => /* @__PURE__ */ a3("li", { children: [
        "Did you mean ",
        /* @__PURE__ */ a3("a", { href: href("why", same(about, { service: name })), children: name }),
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
          /* @__PURE__ */ a3("a", { href: href("why", same(about, { route })), children: /* @__PURE__ */ a3("code", { children: route }) })
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
      lacksBaseline && about.trace === null && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about, { since: "5m", baseline: about.baseline ?? DEFAULT_BASELINE })), children: "Look at the last 5 minutes only" }),
        ": traces before that move into the baseline."
      ] }),
      longerBaseline !== null && kind !== "no_traces" && kind !== "torn_traces" && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about, { baseline: longerBaseline })), children: [
          "Compare with ",
          baselineWords(longerBaseline),
          " before"
        ] }),
        ": a longer baseline."
      ] }),
      longerWindow !== null && !lacksBaseline && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", same(about, { since: longerWindow })), children: [
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
      about.service !== null && about.trace === null && /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("why", { baseline: about.baseline }), children: "Explain everything" }),
        ", not only ",
        about.service,
        ": the cause may be elsewhere."
      ] }),
      about.service !== null && about.trace === null ? /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("traces", { q: `service:${about.service}`, sort: "slowest" }), children: [
          "The slowest traces of ",
          about.service
        ] }),
        " say why each of them was slow."
      ] }) : /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("traces", { sort: "slowest" }), children: "The slowest traces" }),
        " say why each of them was slow."
      ] }),
      /* @__PURE__ */ a3("li", { children: [
        /* @__PURE__ */ a3("a", { href: href("map", { diff: about.baseline ?? DEFAULT_BASELINE }), children: "The map" }),
        " shows what was added, removed or slowed down."
      ] })
    ] });
  }

  // src/screens/why/pickers.tsx
  function Pickers({ about, isReady }) {
    const { since, until } = about.ask;
    const when = { since: since ?? "15m", until: until ?? "now", baseline: DEFAULT_BASELINE };
    const all = useAnswer("services", isReady && about.trace === null ? when : null);
    const one = useAnswer("services", isReady && about.trace === null && about.service !== null ? { ...when, service: about.service } : null);
    const services = all.answer?.services.map((service) => service.name) ?? [];
    const routes = one.isCurrent ? one.answer?.detail?.operations.map((operation) => operation.name) ?? [] : [];
    return /* @__PURE__ */ a3("div", { class: "why-pickers", children: [
      about.trace === null ? /* @__PURE__ */ a3($, { children: [
        /* @__PURE__ */ a3(Choice, { label: "Service", value: about.service ?? "", all: "everything", options: services, choose: (service) => amend({ service, route: null, all: null, evidence: null }) }),
        about.service !== null && /* @__PURE__ */ a3(Choice, { label: "Route", value: about.route ?? "", all: "all routes", options: routes, choose: (route) => amend({ route, all: null, evidence: null }) })
      ] }) : /* @__PURE__ */ a3("button", { type: "button", onClick: () => amend({ trace: null, evidence: null, all: null }), children: "Explain the whole window" }),
      /* @__PURE__ */ a3("label", { class: "why-picker", children: [
        /* @__PURE__ */ a3("span", { children: "Against" }),
        /* @__PURE__ */ a3("select", { value: about.baseline ?? "", onChange: (event) => amend({ baseline: event.currentTarget.value, all: null, evidence: null }), children: [
          /* @__PURE__ */ a3("option", { value: "", children: about.trace === null ? "the hour before the change" : "the hour before the trace" }),
          BASELINES.map(({ length, label }) => /* @__PURE__ */ a3("option", { value: length, children: label }, length)),
          about.baseline !== null && !BASELINES.some(({ length }) => length === about.baseline) && /* @__PURE__ */ a3("option", { value: about.baseline, children: [
            about.baseline,
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
    const pairs = [found, ...found.also];
    return /* @__PURE__ */ a3("li", { class: "why-standout", children: [
      /* @__PURE__ */ a3("p", { class: "why-pairs", children: [
        pairs.map(({ key, value }) => /* @__PURE__ */ a3("code", { children: [
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
          /* @__PURE__ */ a3("dd", { class: "number", children: numbers(found.affected_spans, found.affected) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar, { part: found.affected, tone: "now" }) })
        ] }),
        /* @__PURE__ */ a3("div", { children: [
          /* @__PURE__ */ a3("dt", { children: "other spans" }),
          /* @__PURE__ */ a3("dd", { class: "number", children: numbers(found.other_spans, found.others) }),
          /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar, { part: found.others, tone: "before" }) })
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
        /* @__PURE__ */ a3("a", { href: href("traces", { q: `service:${quoted2(service)} ${found.key}=${quoted2(found.value)}` }), children: "Traces that have it" })
      ] })
    ] });
  }
  function quoted2(value) {
    return /^[\w./@-]+$/.test(value) ? value : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  }

  // src/screens/why/verdict.tsx
  function Verdict({ why, cause }) {
    const times2 = useTimes();
    const differs = difference(cause, why.standouts);
    const share2 = why.slowdown_us > 0 && cause.kind !== "error" ? `${wholePercent(cause.share)} of the added time` : null;
    return /* @__PURE__ */ a3("section", { class: "card why-verdict", "aria-label": "The cause", children: [
      /* @__PURE__ */ a3("p", { class: "why-mark", children: /* @__PURE__ */ a3(Mark, { mark: "✕", tone: "bad", word: "Cause" }) }),
      /* @__PURE__ */ a3("p", { class: "why-sentence", children: [
        /* @__PURE__ */ a3("strong", { class: "isolate", children: blamed(cause) }),
        " ",
        suspicion(cause),
        " ",
        /* @__PURE__ */ a3("code", { children: cause.component })
      ] }),
      differs !== "" && /* @__PURE__ */ a3("p", { class: "why-differs", children: sentence(differs) }),
      /* @__PURE__ */ a3("p", { class: "why-facts soft", children: [
        share2 !== null && /* @__PURE__ */ a3("span", { children: share2 }),
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
        /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar, { part: 1, tone: "now" }) })
      ] }),
      /* @__PURE__ */ a3("div", { children: [
        /* @__PURE__ */ a3("dt", { children: [
          isTrace ? "It would take" : "P95 would be",
          " ",
          /* @__PURE__ */ a3("span", { class: "why-if", children: asInBaseline(cause) })
        ] }),
        /* @__PURE__ */ a3("dd", { class: "number", children: duration(without2) }),
        /* @__PURE__ */ a3("dd", { class: "why-bar-box", children: /* @__PURE__ */ a3(Bar, { part: without2 / now2, tone: "before" }) })
      ] })
    ] });
  }

  // src/screens/why/why.tsx
  function WhyScreen({ address, window }) {
    const about = asking(address, window);
    const why = useAnswer("why", about.ask);
    const answer = why.isCurrent ? why.answer : null;
    const all = address.params.get("all") === "true";
    const title = answer === null ? asked(about.service, about.route, about.trace) : question(answer);
    useTitle(title);
    return /* @__PURE__ */ a3("div", { class: "why", children: [
      /* @__PURE__ */ a3("div", { class: "head", children: [
        /* @__PURE__ */ a3("h1", { children: title }),
        /* @__PURE__ */ a3("p", { class: "why-windows soft", children: /* @__PURE__ */ a3(Windows, { about, label: window.label, why: answer }) })
      ] }),
      /* @__PURE__ */ a3(Pickers, { about, isReady: why.answer !== null || why.error !== null }),
      /* @__PURE__ */ a3(Answer, { of: why, what: "traces of the window and of the time before", children: (why2) => why2.verdict === "cause" && why2.ranking.length > 0 ? /* @__PURE__ */ a3(Cause2, { why: why2, about, address, all }) : /* @__PURE__ */ a3(NoCause, { why: why2, about, window, all }) }),
      /* @__PURE__ */ a3(Command, { text: about.command })
    ] });
  }
  function Cause2({ why, about, address, all }) {
    const cause = why.ranking[0];
    if (!cause) return null;
    return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3(Verdict, { why, cause }),
      /* @__PURE__ */ a3("div", { class: "why-columns", children: [
        /* @__PURE__ */ a3(Evidence, { cause, about, chosen: Number(address.params.get("evidence") ?? 1) }),
        /* @__PURE__ */ a3(Standouts, { why, cause })
      ] }),
      /* @__PURE__ */ a3(FurtherCauses, { causes: why.further_causes }),
      /* @__PURE__ */ a3(Ranking, { why, isCause: true, all }),
      /* @__PURE__ */ a3(Basis, { why })
    ] });
  }
  function Windows({ about, label, why }) {
    const times2 = useTimes();
    const baseline = baselineWords(about.baseline ?? DEFAULT_BASELINE);
    if (about.trace !== null) return /* @__PURE__ */ a3($, { children: [
      /* @__PURE__ */ a3("a", { href: href("trace", { id: about.trace }), children: "The trace" }),
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
    const person = usePerson();
    const [revision, setRevision] = d2(0);
    const [live, setLive] = d2(stored("live") !== "off");
    const refresh = b(() => setRevision((revision2) => revision2 + 1), []);
    const isLive = live && window.isRelative && LIVE.includes(address.page);
    A2(() => {
      if (!isLive) return;
      const timer = setInterval(() => {
        if (!document.hidden) refresh();
      }, LIVE_MS);
      return () => clearInterval(timer);
    }, [isLive]);
    if (person === "signed-out") return /* @__PURE__ */ a3(SignIn, {});
    const zone = address.params.get("tz") === "local" ? "local" : "utc";
    const Screen = address.page === null ? NoSuchPage : SCREENS[address.page];
    return /* @__PURE__ */ a3(ZoneContext.Provider, { value: zone, children: /* @__PURE__ */ a3(RefreshContext.Provider, { value: revision, children: /* @__PURE__ */ a3(
      Frame,
      {
        address,
        window,
        zone,
        person,
        live,
        refresh,
        setLive: (live2) => {
          store("live", live2 ? null : "off");
          setLive(live2);
        },
        children: /* @__PURE__ */ a3(Screen, { address, window })
      }
    ) }) });
  }
  showEverything();
  followLinks();
  listenToKeys();
  var app = document.getElementById("app");
  if (app) Q(/* @__PURE__ */ a3(App, {}), app);
})();
