import { camera } from './camera.js'
import { cell } from './cell.js'
import { control } from './control.js'
import { forceTorque } from './force-torque.js'
import { fusion } from './fusion.js'
import type { NodeKind } from './node-kind.js'
import { player } from './player.js'
import { voice } from './voice.js'

/** One line a kind of node. */
export const KINDS: Readonly<Record<string, NodeKind>> = { camera, force_torque: forceTorque, voice, fusion, control, cell, player }
