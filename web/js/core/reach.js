// Who can open the page at its address. Pure.

const LOCAL = /^(.+\.)?localhost\.?$|^127(\.\d+){3}$|^0\.0\.0\.0$|^\[::1?\]$|^\[::ffff:(7f[\da-f]{2}:[\da-f]{1,4}|0:0)\]$/;

/** Whether only this device can open the URL `address`: its host is a name or a number for the device itself. */
export function onlyHere(address) {
  return LOCAL.test(new URL(address).hostname); // which has the shortest form of each number
}
